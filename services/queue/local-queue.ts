import PQueue from 'p-queue';
import { callAfter } from '../time/call-after.js';
import { Handlers } from './handlers.js';
import type { ConsumerOptions, JobQueue, QueuedJob, QueueEntry } from './queue.js';

/** An entry that waits or was given out. */
interface Held {
  readonly job: QueuedJob;
  state: 'delayed' | 'waiting' | 'out';
  /** Counts those that came to wait: the order among the same priority. */
  turn: number;
  /** Takes it out of the waiting ones. */
  readonly removal: AbortController;
  /** Ends the wait of a delayed one. */
  endDelay: (() => void) | null;
}

const keyOf = ({ id, ticket }: QueueEntry): string => `${id}_${ticket}`;

/** In a process there is nothing that an entry could be cut off from. */
const neverLost = new AbortController().signal;

/** A queue in this process: for one coordinator, and gone with it, to be filled again from the records. */
export class LocalQueue implements JobQueue {
  readonly location = 'this process';
  readonly shared = false;
  readonly #entries = new Map<string, Held>();
  /** Stands still until there is a consumer. */
  readonly #tasks = new PQueue({ concurrency: 1, autoStart: false });
  #handlers: Handlers | null = null;
  #turns = 0;

  add(job: QueuedJob): Promise<void> {
    const key = keyOf(job);
    if (!this.#entries.has(key)) {
      const held: Held = { job, state: 'delayed', turn: 0, removal: new AbortController(), endDelay: null };
      this.#entries.set(key, held);
      this.#enqueueWhenDue(key, held);
    }
    return Promise.resolve();
  }

  remove(entry: QueueEntry): Promise<void> {
    const key = keyOf(entry);
    const held = this.#entries.get(key);
    if (held && held.state !== 'out') this.#forget(key, held);
    return Promise.resolve();
  }

  has(entry: QueueEntry): Promise<boolean> {
    return Promise.resolve(this.#entries.has(keyOf(entry)));
  }

  waiting(): Promise<readonly string[]> {
    const all = [...this.#entries.values()];
    const ready = all.filter(({ state }) => state === 'waiting');
    const delayed = all.filter(({ state }) => state === 'delayed');
    ready.sort((a, b) => b.job.priority - a.job.priority || a.turn - b.turn);
    delayed.sort((a, b) => dueAt(a.job) - dueAt(b.job));
    return Promise.resolve([...ready, ...delayed].map(({ job }) => job.id));
  }

  consume(options: ConsumerOptions): Promise<() => Promise<void>> {
    if (this.#handlers) return Promise.reject(new Error('A queue in the process has one consumer at a time'));
    const handlers = new Handlers(options);
    this.#handlers = handlers;
    this.#tasks.concurrency = options.jobs;
    this.#tasks.start();
    return Promise.resolve(async () => {
      this.#tasks.pause();
      await this.#tasks.onPendingZero();
      if (this.#handlers === handlers) this.#handlers = null;
    });
  }

  check(): Promise<void> {
    return Promise.resolve();
  }

  /** Drops what waits; what was given out stays with its handler, which ending the consumer waits for. */
  close(): Promise<void> {
    this.#tasks.pause();
    for (const [key, held] of this.#entries) {
      if (held.state !== 'out') this.#forget(key, held);
    }
    return Promise.resolve();
  }

  #enqueueWhenDue(key: string, held: Held): void {
    const delayMs = dueAt(held.job) - Date.now();
    if (delayMs > 0) {
      held.endDelay = callAfter(delayMs, () => this.#enqueueWhenDue(key, held));
      return;
    }
    held.endDelay = null;
    held.state = 'waiting';
    held.turn = ++this.#turns;
    const { signal } = held.removal;
    this.#tasks
      .add(() => this.#giveOut(key, held), { priority: held.job.priority, signal })
      .catch((cause: unknown) => {
        // That it was removed is no failure; handlers never fail.
        if (!signal.aborted) throw cause;
      });
  }

  async #giveOut(key: string, held: Held): Promise<void> {
    const { id, ticket } = held.job;
    held.state = 'out';
    try {
      await this.#handlers?.run({ id, ticket }, neverLost);
    } finally {
      this.#entries.delete(key);
    }
  }

  #forget(key: string, held: Held): void {
    this.#entries.delete(key);
    held.endDelay?.();
    held.removal.abort();
  }
}

/** In milliseconds; 0 where it may be given out at once. */
const dueAt = ({ notBefore }: QueuedJob): number => (notBefore === null ? 0 : Date.parse(notBefore));
