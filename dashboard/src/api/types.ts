/*
 * What the coordinator's HTTP interface gives, as far as the page uses it. schemas.ts is written from its description,
 * which leaves events of runs open; those here are held to the coordinator's own by the type checker, in
 * test/dashboard/model. Times are ISO 8601 in UTC, durations are seconds.
 */

import type * as schemas from './schemas.ts';

export type {
  Artifact,
  Artifacts,
  Confusion,
  EpochMetrics,
  Job,
  JobDetails,
  JobMetrics,
  JobPage,
  JobSteps,
  JobState,
  SpecProblem,
  StepPoint,
  Worker,
  WorkerSolve,
  Workers,
} from './schemas.ts';
import type { Confusion, EpochMetrics, JobState } from './schemas.ts';

export type Progress = schemas.JobProgress;
export type LayerMetrics = EpochMetrics['layers'][number];

/** Whether nothing more happens to the job by itself. */
export const hasEnded = (state: JobState): boolean => ['completed', 'cancelled', 'failed'].includes(state);

/** Columns `start` to `end` − 1 of a layer, counted from 1. */
export interface Columns {
  readonly layer: number;
  readonly start: number;
  readonly end: number;
}

export interface PlacedColumns extends Columns {
  readonly worker: string;
}

/** What a step's seconds went to. */
export interface Phases {
  readonly data: number;
  readonly forward: number;
  readonly targets: number;
  readonly solve: number;
}

export type RunEventBody =
  | {
      readonly type: 'run.started';
      readonly engine: string;
      readonly threads: number;
      readonly parameters: number;
      readonly trainExamples: number;
      readonly stepsPerEpoch: number;
      readonly epochs: number;
      readonly step: number;
    }
  | {
      readonly type: 'step.done';
      readonly epoch: number;
      readonly step: number;
      readonly loss: number;
      readonly examples: number;
      readonly seconds: number;
      readonly phases: Phases;
    }
  | {
      readonly type: 'guard.redone' | 'guard.gave-up';
      readonly step: number;
      readonly layer: number;
      readonly attempt: number;
      readonly learningRateFactor: number;
      readonly objectiveBefore: number | null;
      readonly objectiveAfter: number | null;
    }
  | ({ readonly type: 'epoch.done' } & EpochMetrics)
  | ({ readonly type: 'classes.counted' } & Confusion)
  | {
      readonly type: 'checkpoint.saved';
      readonly step: number;
      readonly file: string;
      readonly best: boolean;
    }
  | { readonly type: 'worker.joined'; readonly worker: string; readonly host: string }
  | {
      readonly type: 'worker.left' | 'worker.lost' | 'worker.restarted';
      readonly worker: string;
      readonly reason: string;
    }
  | {
      readonly type: 'plan.made';
      readonly step: number;
      readonly parts: readonly PlacedColumns[];
      readonly predictedSeconds: number;
      readonly leftOut: readonly string[];
      readonly moved: number;
    }
  | {
      readonly type: 'part.recovered';
      readonly step: number;
      readonly part: PlacedColumns;
      readonly from: string;
      readonly repeated: number;
      readonly seconds: number;
    }
  | { readonly type: 'run.waiting' | 'run.alone'; readonly step: number; readonly reason: string }
  /** Those that the page has no place for, but in the log. */
  | { readonly type: 'checkpoint.damaged' | 'worker.refused' | 'run.ended' };

export type RunEvent = RunEventBody & { readonly sequence: number; readonly time: string };

type FeedEvent = Extract<schemas.FeedItem, { readonly kind: 'event' }>;

export type FeedItem =
  Exclude<schemas.FeedItem, FeedEvent> | (Omit<FeedEvent, 'event'> & { readonly event: RunEvent });

/** A line of a job's log: docs/logs.md lists the fields of each `msg`. */
export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly time: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** A refusal, after RFC 9457, or what stands for one where there was no answer. */
export type Problem = Omit<schemas.Problem, 'type' | 'instance'>;
