import { LocopropError } from '../../core/errors/error.js';
import type { RunEvent } from '../../core/events.js';
import type { JobRecord } from '../../core/job/record.js';
import { runOf } from '../../core/job/record.js';
import * as moves from '../../core/job/moves.js';
import { isHeld } from '../../core/job/states.js';
import { resolvedYaml } from '../../services/configuration/job-file.js';
import type { JobStore } from '../../services/store/job-store.js';
import { Run } from '../../services/store/run.js';
import { SPEC_FILE } from '../../services/store/stored-run.js';
import { callAfter } from '../../services/time/call-after.js';
import type { MlflowTracking } from '../../services/tracking/mlflow/mlflow-tracking.js';
import type { JoinCluster } from '../cluster/cluster.js';
import { trainToEnd } from '../finish/train-to-end.js';
import { failureOf } from './failures.js';
import { ProgressTracker } from './job-progress.js';
import type { JobRecords } from './job-records.js';
import type { JobSpecs } from './job-specs.js';
import { RunStop } from './run-stop.js';

/** The record learns of the progress that often within an epoch, and where epochs end, which may be all the time. */
const STEPS_MS = 10_000;
const EPOCHS_MS = 1000;

export interface AttemptOptions {
  readonly store: JobStore;
  readonly records: JobRecords;
  readonly specs: JobSpecs;
  /** Name and version, for checkpoints. */
  readonly program: string;
  readonly cluster: JoinCluster;
  /** Whether workers, or others, compute on this machine too. */
  readonly sharesProcessors: boolean;
  /** Where runs are logged besides; null for nowhere. */
  readonly tracking: MlflowTracking | null;
  readonly onEvent: (event: RunEvent, record: JobRecord) => void;
  /** Told of what is no failure of the job, as when its record could not be written. */
  readonly onError: (error: unknown) => void;
}

/** A job from the moment at which this process took it until the process has it no more. */
export class Attempt {
  readonly stop = new RunStop();
  readonly #options: AttemptOptions;
  readonly #taken: JobRecord;
  readonly #progress: ProgressTracker;
  readonly #startedMs = performance.now();
  /** Its first step is told at once: by it others know that the job goes on here. */
  #toldMs = -Infinity;
  #telling = false;
  #lost: LocopropError | null = null;

  /** @param taken the record as this process wrote it when it took the job */
  constructor(taken: JobRecord, options: AttemptOptions) {
    this.#taken = taken;
    this.#options = options;
    this.#progress = new ProgressTracker(taken.progress);
  }

  get id(): string {
    return this.#taken.id;
  }

  get fence(): number {
    return this.#taken.fence;
  }

  /** That another process has the job, once that is known of a write that was refused. */
  get lost(): LocopropError | null {
    return this.#lost;
  }

  get progress(): JobRecord['progress'] {
    return this.#progress.progress ?? this.#taken.progress;
  }

  /** How long the job has run by now, in all attempts. */
  get runSeconds(): number {
    return this.#taken.runSeconds + (performance.now() - this.#startedMs) / 1000;
  }

  /** Looks at what others have written of the job. */
  observe(record: JobRecord | null): void {
    if (record === null || record.fence !== this.fence) this.stop.request('fenced');
    else if (record.state === 'pausing') this.stop.request('paused');
    else if (record.state === 'cancelling') this.stop.request('cancelled');
  }

  /**
   * Runs the job until it ends or is to stop, and writes what became of it.
   * @returns the record after that; null where another process has the job
   */
  async run(): Promise<JobRecord | null> {
    const endLimit = this.#limitTime();
    let error: unknown = null;
    let completed = false;
    try {
      completed = (await this.#train()) === 'completed';
    } catch (cause) {
      error = cause;
    } finally {
      endLimit();
    }
    return this.#change((record, now) => this.#outcome(record, now, completed, error));
  }

  /** Returns what ends the limit. */
  #limitTime(): () => void {
    const { timeLimitSeconds } = this.#taken.spec.queue;
    if (timeLimitSeconds === null) return () => undefined;
    const leftMs = 1000 * (timeLimitSeconds - this.runSeconds);
    return callAfter(leftMs, () => this.stop.request('time-limit'));
  }

  async #train(): Promise<'completed' | 'stopped' | 'failed'> {
    const { specs, cluster, store, sharesProcessors, tracking } = this.#options;
    const { id, fence, spec } = this.#taken;
    const job = await specs.open(spec);
    // Paths as the client wrote them: those of this machine mean nothing to whoever downloads the run.
    const { run, resume } = await this.#openRun(resolvedYaml({ ...spec, engine: job.spec.engine }));
    run.events.subscribe((event) => this.#record(event));
    const tracked = tracking?.follow(run, id, spec);
    try {
      this.stop.signal.throwIfAborted();
      const { outcome } = await trainToEnd(job, {
        run,
        resume,
        stop: this.stop.signal,
        cluster: (own) => cluster({ ...own, name: id }),
        sharesProcessors,
        onBegin: async (events) => {
          await this.#begin(events);
          await store.removeEarlierRuns(id, fence);
        },
      });
      return outcome;
    } finally {
      tracked?.leave();
      await run.close();
    }
  }

  /** A run of its own, which goes on where that of the newest take has come to. */
  async #openRun(spec: string): Promise<{ readonly run: Run; readonly resume: boolean }> {
    const { store, program } = this.#options;
    const { id, fence } = this.#taken;
    const previous = runOf(this.#taken);
    if (previous) await store.forkRun(id, previous.fence, fence);
    const files = store.run(id, fence);
    await files.write(SPEC_FILE, [Buffer.from(spec)]);
    const resume = (await files.list('checkpoints')).length > 0;
    const { keep } = this.#taken.spec.checkpoints;
    const run = await Run.open(files, { keepCheckpoints: keep, program });
    try {
      if (!resume) await run.restart();
    } catch (cause) {
      await run.close();
      throw cause;
    }
    return { run, resume };
  }

  /** From here on, the run of this take is the job's. */
  async #begin(events: number): Promise<void> {
    const record = await this.#change((own) => moves.runBegun(own, events));
    if (record === null) throw new LocopropError('JOB_NOT_OURS', { job: this.id, fence: this.fence });
  }

  #record(event: RunEvent): void {
    const { onEvent, onError } = this.#options;
    const waited = this.progress?.waiting;
    this.#progress.record(event);
    onEvent(event, this.#taken);
    if (this.#isDue(event) || this.progress?.waiting !== waited) this.#tell(onError);
  }

  #isDue({ type }: RunEvent): boolean {
    if (type !== 'epoch.done' && type !== 'step.done') return false;
    return performance.now() - this.#toldMs >= (type === 'epoch.done' ? EPOCHS_MS : STEPS_MS);
  }

  /** Writes the progress into the record. */
  #tell(onError: (error: unknown) => void): void {
    if (this.#telling) return;
    this.#telling = true;
    this.#toldMs = performance.now();
    this.#change((record) => ({ ...record, progress: this.progress, runSeconds: this.runSeconds }))
      .then((record) => {
        this.#telling = false;
        // No event follows while a run waits, so one that came meanwhile is not made up for by the next.
        if (record && record.progress?.waiting !== this.progress?.waiting) this.#tell(onError);
      })
      .catch((error: unknown) => {
        this.#telling = false;
        onError(error);
      });
  }

  /** Changes the record for as long as the job is this process's; null where it is not. */
  async #change(move: (record: JobRecord, now: Date) => JobRecord): Promise<JobRecord | null> {
    try {
      return await this.#options.records.change(this.id, (record, now) => {
        if (record.fence !== this.fence || !isHeld(record.state)) {
          throw new LocopropError('JOB_NOT_OURS', { job: this.id, fence: record.fence });
        }
        return move(record, now);
      });
    } catch (error) {
      const gone =
        error instanceof LocopropError && (error.code === 'JOB_NOT_OURS' || error.code === 'JOB_UNKNOWN');
      if (!gone) throw error;
      this.stop.request('fenced');
      this.#lost = error;
      return null;
    }
  }

  /** What becomes of the record. */
  #outcome(record: JobRecord, now: Date, completed: boolean, error: unknown): JobRecord {
    const { spec, coordinator } = this.#taken;
    const { progress, runSeconds } = this;
    const end = { progress, runSeconds };
    if (completed) return moves.completed(record, now, end);
    // What was asked for meanwhile counts, whatever this process stopped for.
    if (record.state === 'cancelling') return moves.cancelled(record, now, end);
    const { reason } = this.stop;
    const stopped = reason !== null && (error === null || isStop(error, this.stop.signal));
    if (record.state === 'pausing' && (stopped || error === null)) return moves.paused(record, now, end);
    if (stopped && reason === 'time-limit') {
      const limit = spec.queue.timeLimitSeconds ?? 0;
      const failure = failureOf(new LocopropError('JOB_TIME_LIMIT', { job: this.id, seconds: limit }));
      return moves.failed(record, now, failure, end);
    }
    if (stopped) return moves.returned(record, now, returnReason(reason, coordinator), end);
    const failure = failureOf(error);
    if (record.state === 'pausing' || !failure.retryable || record.attempt >= spec.queue.retries) {
      return moves.failed(record, now, failure, end);
    }
    const notBefore = new Date(now.getTime() + 1000 * moves.retryDelaySeconds(record));
    return moves.retried(record, now, { failure, notBefore }, end);
  }
}

/** Whether a run failed because it was to stop, and for nothing else. */
const isStop = (error: unknown, signal: AbortSignal): boolean =>
  error === signal.reason || (error instanceof LocopropError && error.code === 'RUN_STOPPED_WAITING');

const returnReason = (reason: string, coordinator: string | null): string =>
  reason === 'shutdown'
    ? `the coordinator ${coordinator ?? ''} ends`
    : `the coordinator ${coordinator ?? ''} has lost its entry in the queue`;
