import { LocopropError } from '../../../core/errors/error.js';

/** A call whose stream is under way. */
export interface OpenCall {
  /** Aborted when the client has left, the server closes, or the call has ended in any other way. */
  readonly signal: AbortSignal;
  readonly abort: (reason: Error) => void;
  /** To be called when it has ended. */
  readonly end: () => void;
}

/** The streams that are under way: so many at most, and ended when the server closes. */
export class OpenCalls {
  readonly #open = new Map<'stream' | 'upload', Set<AbortController>>();
  readonly #limits: Readonly<Record<'stream' | 'upload', number>>;
  #closed: Error | null = null;

  constructor(limits: Readonly<Record<'stream' | 'upload', number>>) {
    this.#limits = limits;
  }

  /** @throws LocopropError SERVICE_UNAVAILABLE */
  begin(kind: 'stream' | 'upload'): OpenCall {
    if (this.#closed) throw this.#closed;
    const open = this.#of(kind);
    if (open.size >= this.#limits[kind]) {
      throw new LocopropError('SERVICE_UNAVAILABLE', { reason: `${open.size} ${kind}s are under way` });
    }
    const controller = new AbortController();
    open.add(controller);
    return {
      signal: controller.signal,
      abort: (reason) => controller.abort(reason),
      end: () => {
        open.delete(controller);
        controller.abort();
      },
    };
  }

  /** Ends them all, and refuses others. */
  close(): void {
    this.#closed = new LocopropError('SERVICE_UNAVAILABLE', { reason: 'it ends' });
    for (const open of this.#open.values()) {
      for (const controller of open) controller.abort(this.#closed);
    }
  }

  #of(kind: 'stream' | 'upload'): Set<AbortController> {
    const open = this.#open.get(kind) ?? new Set();
    this.#open.set(kind, open);
    return open;
  }
}
