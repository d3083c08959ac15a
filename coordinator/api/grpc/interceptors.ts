import { type ServerInterceptor, ServerInterceptingCall, type StatusObject } from '@grpc/grpc-js';
import { LocopropError } from '../../../core/errors/error.js';
import { type Authorize, checkAccess } from './access.js';
import { methodOf } from './definition.js';

export interface ArrivalOptions {
  readonly authorize: Authorize;
  /** How long a single request may take to arrive. */
  readonly seconds: number;
  /** The status that tells of a failure of a call to this path. */
  readonly refuse: (path: string, cause: unknown) => StatusObject;
}

/** Refuses calls before anything of them is read: those of whoever may not make them, and of the slow. */
export const arrival =
  ({ authorize, seconds, refuse }: ArrivalOptions): ServerInterceptor =>
  ({ path, requestStream }, call) => {
    const method = methodOf(path);
    let timer: NodeJS.Timeout | undefined;
    const tooSlow = (): void =>
      call.sendStatus(refuse(path, new LocopropError('REQUEST_TOO_SLOW', { seconds })));
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, proceed) => {
            try {
              if (method) checkAccess(method, metadata, authorize);
            } catch (cause) {
              call.sendStatus(refuse(path, cause));
              return;
            }
            if (!requestStream) timer = setTimeout(tooSlow, 1000 * seconds);
            proceed(metadata);
          },
          onReceiveHalfClose: (proceed) => {
            clearTimeout(timer);
            proceed();
          },
          onCancel: () => clearTimeout(timer),
        }),
    });
  };

/**
 * Reads the next request of a stream only when the answers to those before it were written. Reflection writes
 * as fast as it is asked, so who only asked would fill the memory.
 */
class Alternating extends ServerInterceptingCall {
  #unwritten = 0;
  #wanted = false;

  override startRead(): void {
    this.#wanted = true;
    this.#readOn();
  }

  // As it stands in the class that it overrides.
  override sendMessage(message: unknown, callback: () => void): void {
    this.#unwritten += 1;
    super.sendMessage(message, () => {
      this.#unwritten -= 1;
      callback();
      this.#readOn();
    });
  }

  #readOn(): void {
    if (!this.#wanted || this.#unwritten > 0) return;
    this.#wanted = false;
    super.startRead();
  }
}

export const alternating: ServerInterceptor = ({ requestStream, responseStream }, call) =>
  requestStream && responseStream ? new Alternating(call) : new ServerInterceptingCall(call);
