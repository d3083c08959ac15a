import type { JobQueue } from '../../services/queue/queue.js';

const FRESH_MS = 500;

/** Who is how far from the head of the queue, asked of it at most twice a second. */
export class WaitingList {
  readonly #queue: JobQueue;
  #positions: Promise<ReadonlyMap<string, number>> = Promise.resolve(new Map());
  #askedMs = -Infinity;

  constructor(queue: JobQueue) {
    this.#queue = queue;
  }

  /** Asks anew the next time. */
  forget(): void {
    this.#askedMs = -Infinity;
  }

  /** Jobs before this one; null where it does not wait, or the queue does not answer. */
  async position(id: string): Promise<number | null> {
    if (performance.now() - this.#askedMs > FRESH_MS) {
      this.#askedMs = performance.now();
      this.#positions = this.#ask();
    }
    return (await this.#positions).get(id) ?? null;
  }

  async #ask(): Promise<ReadonlyMap<string, number>> {
    try {
      const waiting = await this.#queue.waiting();
      return new Map(waiting.map((id, position) => [id, position]));
    } catch {
      // A job is shown without its position; that the queue does not answer is what /readyz tells.
      return new Map();
    }
  }
}
