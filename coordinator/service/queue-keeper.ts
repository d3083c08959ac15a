import type { JobRecord } from '../../core/job/record.js';
import { isHeld } from '../../core/job/states.js';
import type { JobQueue } from '../../services/queue/queue.js';
import type { Dispatcher } from './dispatcher.js';
import { queuedJob } from './queued-job.js';
import type { JobRecords } from './job-records.js';

export interface QueueKeeperOptions {
  readonly records: JobRecords;
  readonly queue: JobQueue;
  readonly dispatcher: Pick<Dispatcher, 'has'>;
  /** Told how many entries were missing. */
  readonly onRebuilt: (entries: number) => void;
  /** Told of each look at whose end queue and records had answered all that was asked. */
  readonly onLooked: () => void;
  readonly onError: (error: unknown) => void;
}

const PERIOD_MS = 5000;
/**
 * A job that another coordinator runs has an entry in a shared queue for as long as that one lives, and is
 * given out again when it dies. Only where the queue was emptied there is none: then its coordinator gives
 * the job back, unless it is dead as well. It has so long for that.
 */
const ORPHAN_MS = 20_000;

/** Sees to it that every job that is to run has an entry in the queue. */
export class QueueKeeper {
  readonly #options: QueueKeeperOptions;
  readonly #orphanedSinceMs = new Map<string, number>();
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> = Promise.resolve();

  constructor(options: QueueKeeperOptions) {
    this.#options = options;
  }

  /** Fills the queue from the records, and does so again whenever entries are missing. */
  async start(): Promise<void> {
    await this.look();
    this.#timer = setInterval(() => {
      this.#looking = this.look().catch(this.#options.onError);
    }, PERIOD_MS);
  }

  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    await this.#looking;
  }

  async look(): Promise<void> {
    const { records, queue, dispatcher, onRebuilt, onLooked } = this.#options;
    const open = (await records.refresh())
      .filter(({ id, state }) => (state === 'queued' || isHeld(state)) && !dispatcher.has(id))
      .toSorted((a, b) => (a.submittedAt < b.submittedAt ? -1 : 1));
    const waiting = new Set(open.length === 0 ? [] : await queue.waiting());
    let added = 0;
    for (const record of open) {
      if (waiting.has(record.id)) continue;
      if (!(await this.#isMissing(record))) continue;
      // Looked at again, for it may have been taken or have ended meanwhile.
      if (records.known(record.id)?.ticket !== record.ticket) continue;
      await queue.add(queuedJob(record));
      this.#orphanedSinceMs.delete(record.id);
      added += 1;
    }
    for (const id of this.#orphanedSinceMs.keys()) {
      if (!open.some((record) => record.id === id)) this.#orphanedSinceMs.delete(id);
    }
    if (added > 0) onRebuilt(added);
    // Where no job is to run, nothing was asked of it.
    await queue.check();
    onLooked();
  }

  async #isMissing(record: JobRecord): Promise<boolean> {
    const { queue } = this.#options;
    const { id, ticket, state } = record;
    if (await queue.has({ id, ticket })) {
      this.#orphanedSinceMs.delete(id);
      return false;
    }
    if (state === 'queued' || !queue.shared) return true;
    const nowMs = performance.now();
    const sinceMs = this.#orphanedSinceMs.get(id) ?? nowMs;
    this.#orphanedSinceMs.set(id, sinceMs);
    return nowMs - sinceMs > ORPHAN_MS;
  }
}
