import type { ConsumerOptions, QueueEntry } from './queue.js';

/**
 * Runs a consumer's handlers, and those of one job one after the other: an entry that was lost and given out
 * again, or the next ticket of a job, waits until the former handler has noticed and is done.
 */
export class Handlers {
  /** Of each job the handler that came last. */
  readonly #last = new Map<string, Promise<void>>();

  constructor(private readonly options: ConsumerOptions) {}

  /** Resolves when the handler has ended, whichever way; one whose entry is lost by its turn is not begun. */
  async run(entry: QueueEntry, lost: AbortSignal): Promise<void> {
    const former = this.#last.get(entry.id);
    const own = this.#handle(entry, lost, former);
    this.#last.set(entry.id, own);
    await own;
    if (this.#last.get(entry.id) === own) this.#last.delete(entry.id);
  }

  /** Resolves once no handler is at work. */
  async idle(): Promise<void> {
    while (this.#last.size > 0) await Promise.all(this.#last.values());
  }

  async #handle(entry: QueueEntry, lost: AbortSignal, former: Promise<void> | undefined): Promise<void> {
    await former;
    if (lost.aborted) return;
    try {
      await this.options.handle(entry, lost);
    } catch (cause) {
      this.options.onError(cause instanceof Error ? cause : new Error(String(cause)));
    }
  }
}
