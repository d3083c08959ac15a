import type { PlacedColumns, RunEvent, WorkerInfo } from '../events.js';
import type { JobSpec } from '../spec/job-spec.js';
import type { JobEvent, JobFailure, JobProgress, JobRecord } from './record.js';
import type { JobState } from './states.js';

/** A job as clients see it. Times are ISO 8601, UTC. */
export interface JobView {
  readonly id: string;
  readonly name: string;
  readonly state: JobState;
  readonly priority: number;
  /** Jobs before it in the queue; null unless it is queued. */
  readonly position: number | null;
  readonly submittedAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  /** Not to be started earlier, where it waits to be tried again. */
  readonly notBefore: string | null;
  /** Attempts that failed and were or will be tried again. */
  readonly attempt: number;
  readonly coordinator: string | null;
  readonly progress: JobProgress | null;
  readonly failure: JobFailure | null;
}

/** A job with its resolved spec and its history. */
export interface JobDetails extends JobView {
  readonly spec: JobSpec;
  readonly history: JobRecord['history'];
}

/** Something to tell of a job, in the order in which it happened. */
export type FeedItem =
  /** The job's own state; sent first, and whenever it changes. */
  | { readonly kind: 'job'; readonly cursor: string; readonly job: JobView }
  | { readonly kind: 'job-event'; readonly cursor: string; readonly event: JobEvent }
  | { readonly kind: 'event'; readonly cursor: string; readonly event: RunEvent }
  /**
   * The run went on from a checkpoint: events after number `last` are void, and others take their numbers.
   */
  | { readonly kind: 'rewind'; readonly cursor: string; readonly last: number };

/** A local problem that a worker solved; its times follow each other, as the coordinator saw them. */
export interface WorkerSolve {
  readonly job: string;
  readonly step: number;
  /** From 1. */
  readonly layer: number;
  /** When the first of its matrices was sent to the worker. */
  readonly startedAt: string;
  readonly receiveSeconds: number;
  /** The worker has the problem, and solves others. */
  readonly waitSeconds: number;
  readonly solveSeconds: number;
  readonly sendSeconds: number;
}

/** A worker attached to this coordinator. */
export interface WorkerView extends WorkerInfo {
  readonly joinedAt: string;
  readonly leaving: boolean;
  /** Since it joined. */
  readonly solves: number;
  readonly busySeconds: number;
  readonly bytes: number;
  /** What it holds, of which job. */
  readonly parts: readonly (Omit<PlacedColumns, 'worker'> & { readonly job: string })[];
  /** The last problems that it solved, oldest first: as many as were asked for, and are kept. */
  readonly timeline: readonly WorkerSolve[];
}
