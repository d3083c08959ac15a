import type { JobState } from '../../../core/job/states.js';

/** What a worker has done since it joined. */
export interface WorkerLoad {
  readonly worker: string;
  readonly engine: string;
  readonly solves: number;
  readonly busySeconds: number;
  /** Of matrices, both ways. */
  readonly bytes: number;
}

export interface QueueLoad {
  readonly waiting: number;
  /** How long the oldest has waited; 0 without any. */
  readonly oldestSeconds: number;
}

/** What is looked up when metrics are asked for, in place of being counted. */
export interface MetricSources {
  /** How many jobs are in each state; none in those that are missing. */
  readonly jobs: () => Promise<Readonly<Partial<Record<JobState, number>>>>;
  readonly queue: () => Promise<QueueLoad>;
  /** Those attached now. */
  readonly workers: () => Promise<readonly WorkerLoad[]>;
}

export type SourceName = keyof MetricSources;
