import {
  type ServerInterceptor,
  ServerInterceptingCall,
  status as Status,
  type StatusObject,
} from '@grpc/grpc-js';
import { LocopropError } from '../../../core/errors/error.js';
import { type Authorize, checkAccess } from './access.js';
import { methodOf } from './definition.js';

/** A call that has ended. */
export interface AnsweredCall {
  readonly path: string;
  /** The name of its status. */
  readonly status: string;
  readonly seconds: number;
  readonly peer: string;
  /** Null without one, and where it was refused. */
  readonly tokenName: string | null;
}

export interface ArrivalOptions {
  readonly authorize: Authorize;
  /** How long a single request may take to arrive. */
  readonly seconds: number;
  /** The status that tells of a failure of a call to this path. */
  readonly refuse: (path: string, cause: unknown) => StatusObject;
  readonly onAnswered: (call: AnsweredCall) => void;
}

/**
 * Refuses calls before anything of them is read: those of whoever may not make them, and of the slow. Tells of each
 * once it has ended.
 */
export const arrival =
  ({ authorize, seconds, refuse, onAnswered }: ArrivalOptions): ServerInterceptor =>
  ({ path, requestStream }, call) => {
    const method = methodOf(path);
    const startedMs = performance.now();
    let timer: NodeJS.Timeout | undefined;
    let tokenName: string | null = null;
    let told = false;
    const tell = (code: Status): void => {
      if (told) return;
      told = true;
      const took = (performance.now() - startedMs) / 1000;
      onAnswered({ path, status: Status[code], seconds: took, peer: call.getPeer(), tokenName });
    };
    const end = (cause: unknown): void => {
      const status = refuse(path, cause);
      tell(status.code);
      call.sendStatus(status);
    };
    const tooSlow = (): void => end(new LocopropError('REQUEST_TOO_SLOW', { seconds }));
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, proceed) => {
            try {
              if (method) tokenName = checkAccess(method, metadata, authorize).name;
            } catch (cause) {
              end(cause);
              return;
            }
            if (!requestStream) timer = setTimeout(tooSlow, 1000 * seconds);
            proceed(metadata);
          },
          onReceiveHalfClose: (proceed) => {
            clearTimeout(timer);
            proceed();
          },
          onCancel: () => {
            clearTimeout(timer);
            tell(Status.CANCELLED);
          },
        }),
      sendStatus: (status, next) => {
        tell(status.code);
        next(status);
      },
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
