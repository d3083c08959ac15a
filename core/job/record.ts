import type { JobSpec } from '../spec/job-spec.js';
import type { JobState } from './states.js';

/** Why a job, or an attempt at it, has failed; as in the catalogue of errors. */
export interface JobFailure {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  readonly retryable: boolean;
}

/** How far a job has come. */
export interface JobProgress {
  /** Steps committed, of the whole job. */
  readonly step: number;
  readonly steps: number;
  /** Epochs completed. */
  readonly epoch: number;
  readonly epochs: number;
  /** Of the last batch, before its update; null before the first. */
  readonly loss: number | null;
  /** Over the training data at the last evaluation; null before the first. */
  readonly trainLoss: number | null;
  readonly testLoss: number | null;
  readonly examplesPerSecond: number | null;
  /** Of training, as far as is known. */
  readonly secondsLeft: number | null;
  /** Why it waits for workers, where it does: `no worker has joined yet`. */
  readonly waiting?: string;
}

/** What happened to a job as a whole, as opposed to in its run. */
export type JobEventBody =
  | { readonly type: 'job.accepted'; readonly name: string; readonly priority: number }
  | {
      readonly type: 'job.started';
      readonly coordinator: string;
      readonly fence: number;
      readonly attempt: number;
    }
  | { readonly type: 'job.pausing' | 'job.cancelling' | 'job.resumed' }
  | { readonly type: 'job.paused' | 'job.cancelled' | 'job.completed' }
  /** It goes back to the queue, to be tried again. */
  | {
      readonly type: 'job.retried';
      readonly attempt: number;
      readonly delaySeconds: number;
      readonly failure: JobFailure;
    }
  /** It goes back to the queue, because its coordinator ends or has lost it. */
  | { readonly type: 'job.returned'; readonly coordinator: string; readonly reason: string }
  | { readonly type: 'job.failed'; readonly failure: JobFailure };

/** Numbered from 1 without gaps. Times are ISO 8601, UTC. */
export type JobEvent = JobEventBody & { readonly number: number; readonly time: string };

/** What was run of a job from one take of it to the next. */
export interface RunSegment {
  /** Under which it is written. */
  readonly fence: number;
  /** Events of the run's log that it took over from the segment before. */
  readonly from: number;
}

/**
 * A job as the store keeps it: the truth about it. A record is never changed, only followed by another of
 * the next version, and of two writers of the same version one is refused.
 */
export interface JobRecord {
  readonly id: string;
  readonly name: string;
  readonly state: JobState;
  /** With every default filled in. */
  readonly spec: JobSpec;
  readonly submittedAt: string;
  /** When it was first taken. */
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  /** Counts the times that the job was taken: who has taken it last may write of it, and no other. */
  readonly fence: number;
  /** The newest segments of its run, oldest first: the last one holds what the job has come to. */
  readonly runs: readonly RunSegment[];
  /** Names the entry of the queue that may start it: entries with another one are of the past. */
  readonly ticket: number;
  /** Failures since it was submitted or resumed, after which it was tried again. */
  readonly attempt: number;
  /** The furthest step that it had come to when it was last taken. */
  readonly reached: number;
  /** Coordinators, one after the other, that vanished with it before it came any further. */
  readonly vanished: number;
  /** Not to be started earlier. */
  readonly notBefore: string | null;
  /** Who runs it. */
  readonly coordinator: string | null;
  /** In which it was running, before its last start; its time limit counts them. */
  readonly runSeconds: number;
  readonly progress: JobProgress | null;
  /** Of the last attempt. */
  readonly failure: JobFailure | null;
  /** The client's, so that a submit that is repeated makes no second job. */
  readonly idempotencyKey: string | null;
  /** The newest events, oldest first. */
  readonly history: readonly JobEvent[];
}

/** The segment that holds what a job has come to; null before the first. */
export const runOf = ({ runs }: JobRecord): RunSegment | null => runs.at(-1) ?? null;
