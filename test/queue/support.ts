import type { ConsumerOptions, JobQueue, QueuedJob, QueueEntry } from '#services/queue/queue.js';
import { until as waitUntil } from '../support/until.js';

/** A job that waits, with what matters to a test. */
export const job = (id: string, changes: Partial<QueuedJob> = {}): QueuedJob => ({
  id,
  ticket: 1,
  priority: 50,
  submittedAt: new Date().toISOString(),
  notBefore: null,
  ...changes,
});

export const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString();

/** Resolves once it holds; it fails where that takes longer. */
export const until = (
  holds: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = 60_000,
): Promise<void> => waitUntil(holds, what, timeoutMs);

/** An entry that a consumer has in hand, and what the test does with it. */
export interface InHand extends QueueEntry {
  readonly lost: AbortSignal;
  /** Ends its handler. */
  done(): void;
  fail(error: Error): void;
}

/** A consumer whose handlers end when the test says so. */
export class Consumer {
  /** All that were given out, in this order. */
  readonly given: InHand[] = [];
  readonly errors: Error[] = [];
  private readonly atWork = new Set<InHand>();

  private constructor() {}

  static async of(
    queue: JobQueue,
    jobs = 1,
    options: Partial<ConsumerOptions> = {},
  ): Promise<{ readonly consumer: Consumer; readonly end: () => Promise<void> }> {
    const consumer = new Consumer();
    const end = await queue.consume({
      jobs,
      handle: (entry, lost) => consumer.take(entry, lost),
      onError: (error) => consumer.errors.push(error),
      ...options,
    });
    return { consumer, end };
  }

  /** The ids of those given out. */
  get ids(): readonly string[] {
    return this.given.map(({ id }) => id);
  }

  get busy(): number {
    return this.atWork.size;
  }

  /** Waits for the entry that is given out as this one, from 0. */
  async nth(index: number, timeoutMs?: number): Promise<InHand> {
    await until(() => this.given.length > index, `entry ${index} is given out`, timeoutMs);
    return this.given[index]!;
  }

  private take({ id, ticket }: QueueEntry, lost: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const inHand: InHand = {
        id,
        ticket,
        lost,
        done: () => {
          this.atWork.delete(inHand);
          resolve();
        },
        fail: (error) => {
          this.atWork.delete(inHand);
          reject(error);
        },
      };
      this.atWork.add(inHand);
      this.given.push(inHand);
    });
  }
}
