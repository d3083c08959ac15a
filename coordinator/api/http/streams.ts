import type { ServerResponse } from 'node:http';
import { LocopropError } from '../../../core/errors/error.js';

/** The answers that go on: counted, and ended together. */
export class Streams {
  readonly #open = new Set<AbortController>();
  readonly #limit: number;
  #closing = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * A signal for a stream that this response carries.
   *
   * @throws LocopropError SERVICE_UNAVAILABLE
   */
  open(response: ServerResponse): AbortSignal {
    if (this.#closing) throw new LocopropError('SERVICE_UNAVAILABLE', { reason: 'it is about to end' });
    if (this.#open.size >= this.#limit) {
      const reason = `it has ${this.#limit} streams open already`;
      throw new LocopropError('SERVICE_UNAVAILABLE', { reason });
    }
    const controller = new AbortController();
    this.#open.add(controller);
    const end = (): void => {
      this.#open.delete(controller);
      controller.abort();
    };
    // The client may have gone while its request was looked at.
    if (response.closed) end();
    else response.once('close', end);
    return controller.signal;
  }

  /** Ends all of them, and opens no other. */
  close(): void {
    this.#closing = true;
    for (const controller of this.#open) controller.abort();
  }
}

/** Cuts the connection of a client that takes nothing for a time of an answer that has more for it. */
export function guardStall(response: ServerResponse, stallMs: number): void {
  response.setTimeout(stallMs);
  response.on('timeout', () => {
    const { socket } = response;
    if (socket === null) return;
    if (socket.writableLength > 0) socket.destroy();
    // Nothing to send is no fault of the client's.
    else socket.setTimeout(stallMs);
  });
}
