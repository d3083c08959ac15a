import { LocopropError } from '../../core/errors/error.js';
import * as moves from '../../core/job/moves.js';
import type { JobProgress, JobRecord } from '../../core/job/record.js';
import { isHeld } from '../../core/job/states.js';
import type { JobQueue, QueueEntry } from '../../services/queue/queue.js';
import { Attempt, type AttemptOptions } from './attempt.js';
import { failureOf } from './failures.js';
import { queuedJob } from './queued-job.js';

export interface DispatcherOptions extends AttemptOptions {
  readonly queue: JobQueue;
  /** Of this coordinator. */
  readonly name: string;
  /** How many jobs run at a time. */
  readonly jobs: number;
  /** Told of a job that ran here and is another process's. */
  readonly onLost: (error: unknown, record: JobRecord) => void;
  /** Told of entries that were taken from the queue in vain, for the log. */
  readonly onDropped: (entry: QueueEntry, reason: string) => void;
}

/** Between two looks at what others have written of the jobs that run here. */
const WATCH_MS = 1000;

/** Takes jobs from the queue and runs them, as many at a time as it may. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #attempts = new Map<string, Attempt>();
  #endConsuming: (() => Promise<void>) | null = null;
  #unsubscribe: (() => void) | null = null;
  #timer: NodeJS.Timeout | null = null;
  #stopping = false;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  /** @throws LocopropError QUEUE_UNAVAILABLE */
  async start(): Promise<void> {
    const { records, queue, jobs, onError } = this.#options;
    this.#unsubscribe = records.subscribe((record, id) => this.#attempts.get(id)?.observe(record));
    // Another coordinator may have been asked to pause a job of this one, or have taken it.
    if (queue.shared) this.#timer = setInterval(() => this.#look(), WATCH_MS);
    this.#endConsuming = await queue.consume({
      jobs,
      handle: (entry, lost) => this.#handle(entry, lost),
      onError,
    });
  }

  /** Whether a job runs here. */
  has(id: string): boolean {
    return this.#attempts.has(id);
  }

  /** Jobs that run here. */
  get running(): readonly string[] {
    return [...this.#attempts.keys()];
  }

  /** How far a job has come that runs here. */
  progressOf(id: string): JobProgress | null {
    return this.#attempts.get(id)?.progress ?? null;
  }

  /** Takes no more jobs, and gives those that run back to the queue, each with a checkpoint. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const attempt of this.#attempts.values()) attempt.stop.request('shutdown');
    await this.#endConsuming?.();
    if (this.#timer) clearInterval(this.#timer);
    this.#unsubscribe?.();
  }

  #look(): void {
    const { records, onError } = this.#options;
    if (this.#attempts.size === 0) return;
    records.refresh().catch(onError);
  }

  async #handle(entry: QueueEntry, lost: AbortSignal): Promise<void> {
    const { records, onDropped, onError, onLost } = this.#options;
    const taken = await this.#take(entry, lost);
    if (typeof taken === 'string') {
      onDropped(entry, taken);
      return;
    }
    const attempt = new Attempt(taken, this.#options);
    this.#attempts.set(taken.id, attempt);
    const onAbort = (): void => attempt.stop.request('lost');
    lost.addEventListener('abort', onAbort);
    if (lost.aborted) onAbort();
    if (this.#stopping) attempt.stop.request('shutdown');
    attempt.observe(records.known(taken.id));
    try {
      const after = await attempt.run();
      if (after === null) onLost(attempt.lost, taken);
      else if (after.state === 'queued') await this.#requeue(after);
    } catch (error) {
      // The entry is gone, but the record says that the job runs: it is found when the queue is looked after.
      onError(error);
    } finally {
      lost.removeEventListener('abort', onAbort);
      this.#attempts.delete(taken.id);
    }
  }

  /** Takes the job of an entry; else why there is nothing to take. */
  async #take({ id, ticket }: QueueEntry, lost: AbortSignal): Promise<JobRecord | string> {
    const { records, name } = this.#options;
    if (this.#attempts.has(id)) return 'it runs here already';
    try {
      const record = await records.change(id, (own, now) => {
        // Whoever has the entry now has the job as well.
        if (lost.aborted) throw new StaleEntry('the entry is of another coordinator by now');
        if (own.ticket !== ticket) throw new StaleEntry('the job has another ticket by now');
        // Its coordinator has died before it could do what it was asked for.
        if (own.state === 'pausing') return moves.paused(own, now);
        if (own.state === 'cancelling') return moves.cancelled(own, now);
        if (own.state !== 'queued' && !isHeld(own.state)) throw new StaleEntry(`the job is ${own.state}`);
        if (moves.endsItsCoordinators(own)) return moves.failed(own, now, failureOf(coordinatorsLost(own)));
        return moves.taken(own, name, now);
      });
      return record.state === 'running' ? record : `the job is ${record.state}`;
    } catch (error) {
      if (error instanceof StaleEntry) return error.message;
      if (error instanceof LocopropError && error.code === 'JOB_UNKNOWN') return 'there is no such job';
      // The store has told of it.
      if (error instanceof LocopropError && error.code === 'STORE_RECORD_DAMAGED') return error.message;
      throw error;
    }
  }

  async #requeue(record: JobRecord): Promise<void> {
    try {
      await this.#options.queue.add(queuedJob(record));
    } catch (error) {
      // It is added when the queue is looked after.
      this.#options.onError(error);
    }
  }
}

function coordinatorsLost(record: JobRecord): LocopropError {
  const { id: job, coordinator, reached: step } = record;
  const count = moves.vanishedWith(record);
  return new LocopropError('JOB_COORDINATORS_LOST', { job, coordinator: coordinator ?? '', step, count });
}

/** An entry that starts nothing. */
class StaleEntry extends Error {}
