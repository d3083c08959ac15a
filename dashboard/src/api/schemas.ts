/* Written by `npm run docs` from the description of the HTTP interface. */

/** A file that a job has written. */
export type Artifact = {
  /** Relative, with `/` between folders. */
  readonly name: string;
  readonly bytes: number;
};

/** The files of a job. */
export type Artifacts = {
  readonly artifacts: readonly Artifact[];
};

/** A spec with which nothing is wrong. */
export type CheckedSpec = {
  /** The spec with every default filled in. */
  readonly spec: {
    readonly [field: string]: unknown;
  };
};

/** How a classifier sorted the examples when it was evaluated last. */
export type Confusion = {
  /** Epochs completed. */
  readonly epoch: number;
  /** Steps completed. */
  readonly step: number;
  /** The data that was evaluated. */
  readonly data: 'train' | 'test';
  /** Examples: a row for each true class, of the predicted classes. */
  readonly counts: readonly (readonly number[])[];
};

/** An uploaded data set. */
export type Dataset = {
  /** The SHA-256 of its bytes, in hexadecimal; specs name it `upload:` and this. */
  readonly id: string;
  readonly name: string;
  readonly bytes: number;
  /** ISO 8601, UTC. */
  readonly uploadedAt: string;
};

/** The uploaded data sets. */
export type Datasets = {
  readonly datasets: readonly Dataset[];
};

/** What is known at the end of an epoch. */
export type EpochMetrics = {
  /** Epochs completed. */
  readonly epoch: number;
  /** Steps completed. */
  readonly step: number;
  readonly trainLoss: number;
  readonly testLoss: number | null;
  readonly trainError: number;
  readonly testError: number | null;
  readonly trainAccuracy: number | null;
  readonly testAccuracy: number | null;
  readonly trainSeconds: number;
  readonly examplesPerSecond: number;
  readonly layers: readonly {
    readonly objectiveBefore: number | null;
    readonly objectiveAfter: number | null;
    readonly largestRise: number | null;
    readonly guardRedone: number;
    readonly guardGaveUp: number;
  }[];
  readonly cluster?: {
    readonly stepSeconds: number;
    readonly predictedSeconds: number;
    readonly workers: readonly {
      readonly worker: string;
      readonly busy: number;
      readonly solves: number;
      readonly bytes: number;
    }[];
  };
};

/** What is to be written for other programs. */
export type ExportRequest = {
  readonly format: 'tfjs' | 'onnx' | 'safetensors';
  readonly checkpoint?: 'latest' | 'best';
};

/** The `data` of a server-sent event, whose name is `kind`. */
export type FeedItem =
  | {
      readonly kind: 'job';
      /** Where this item stands: a watch goes on behind it. */
      readonly cursor: string;
      readonly job: Job;
    }
  | {
      readonly kind: 'job-event';
      /** Where this item stands: a watch goes on behind it. */
      readonly cursor: string;
      readonly event: JobEvent;
    }
  | {
      readonly kind: 'event';
      /** Where this item stands: a watch goes on behind it. */
      readonly cursor: string;
      readonly event: RunEvent;
    }
  | {
      readonly kind: 'rewind';
      /** Where this item stands: a watch goes on behind it. */
      readonly cursor: string;
      /** Events with a larger number are void, and others take their numbers. */
      readonly last: number;
    };

/** A job. */
export type Job = {
  readonly id: string;
  readonly name: string;
  readonly state: JobState;
  readonly priority: number;
  /** Jobs before it in the queue; null unless it is queued. */
  readonly position: number | null;
  /** ISO 8601, UTC. */
  readonly submittedAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  /** Not to be started earlier, where it waits to be tried again. */
  readonly notBefore: string | null;
  /** Attempts that failed and were or will be tried again. */
  readonly attempt: number;
  /** Who runs it. */
  readonly coordinator: string | null;
  readonly progress: JobProgress | null;
  /** Of the last attempt. */
  readonly failure: JobFailure | null;
};

/** The confusion matrix of a job. */
export type JobConfusion = {
  /** Null before the first evaluation, where the job is no classifier, or has over 100 classes. */
  readonly confusion: Confusion | null;
};

/** A job with its resolved spec and its history. */
export type JobDetails = {
  readonly id: string;
  readonly name: string;
  readonly state: JobState;
  readonly priority: number;
  /** Jobs before it in the queue; null unless it is queued. */
  readonly position: number | null;
  /** ISO 8601, UTC. */
  readonly submittedAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  /** Not to be started earlier, where it waits to be tried again. */
  readonly notBefore: string | null;
  /** Attempts that failed and were or will be tried again. */
  readonly attempt: number;
  /** Who runs it. */
  readonly coordinator: string | null;
  readonly progress: JobProgress | null;
  /** Of the last attempt. */
  readonly failure: JobFailure | null;
  /** The spec with every default filled in. */
  readonly spec: {
    readonly [field: string]: unknown;
  };
  /** The newest events, oldest first. */
  readonly history: readonly JobEvent[];
};

/** What happened to a job as a whole; each type has fields of its own. */
export type JobEvent = {
  /** Of the events of a job, from 1 without gaps. */
  readonly number: number;
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly type: string;
  readonly [field: string]: unknown;
};

/** Why a job, or an attempt at it, has failed. */
export type JobFailure = {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  readonly retryable: boolean;
};

/** The metrics of a job. */
export type JobMetrics = {
  /** An entry for each epoch, in their order. */
  readonly metrics: readonly EpochMetrics[];
};

/** Jobs, a page at a time. */
export type JobPage = {
  /** Newest first. */
  readonly jobs: readonly Job[];
  /** The cursor of the next page; null on the last. */
  readonly next: string | null;
};

/** How far a job has come. */
export type JobProgress = {
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
};

/** What a job is; `pausing` and `cancelling` until its coordinator has noticed. */
export type JobState =
  'queued' | 'running' | 'pausing' | 'paused' | 'cancelling' | 'cancelled' | 'completed' | 'failed';

/** The steps of a job, or an outline of them. */
export type JobSteps = {
  /** In their order. */
  readonly steps: readonly StepPoint[];
};

/** That the process answers. */
export type Liveness = {
  readonly alive: true;
  readonly version: string;
};

/** The least level of the coordinator's log. */
export type LogLevel = {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
};

/** Why a request was refused (RFC 9457). */
export type Problem = {
  /** `urn:locoprop:error:` and the code. */
  readonly type: string;
  /** The status in words. */
  readonly title: string;
  readonly status: number;
  /** What went wrong. */
  readonly detail: string;
  /** Of the catalogue of errors. */
  readonly code: string;
  /** What can be done about it. */
  readonly remedy: string;
  /** Whether the same request may succeed later without a change. */
  readonly retryable: boolean;
  /** Of a spec that is refused: each thing that is wrong with it, of many the first. */
  readonly problems?: readonly SpecProblem[];
  /** The request: `urn:uuid:` and its id, as in the header x-request-id. */
  readonly instance: string;
};

/** Whether jobs can be taken and run; else why not. */
export type Readiness = {
  readonly ready: boolean;
  readonly checks: {
    readonly [field: string]: string;
  };
};

/** What happened in the run of a job; each type has fields of its own. */
export type RunEvent = {
  readonly sequence: number;
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly type: string;
  readonly [field: string]: unknown;
};

/** One thing that is wrong with a spec. */
export type SpecProblem = {
  /** The field, as `network.layers.2.units`; empty where the spec as a whole is meant. */
  readonly path: string;
  /** Of the text of the spec; null where that is not known. */
  readonly line: number | null;
  /** What is wrong. */
  readonly text: string;
};

/** A step on the curve of a run. */
export type StepPoint = {
  /** Steps committed, this one included. */
  readonly step: number;
  /** From 1. */
  readonly epoch: number;
  /** Of the batch, before the updates of the step; null where it is no number. */
  readonly loss: number | null;
  /** Spent in training steps since the start of the run. */
  readonly trainSeconds: number;
};

/** A worker attached to this coordinator. */
export type Worker = {
  readonly worker: string;
  readonly host: string;
  readonly engine: string;
  readonly threads: number;
  readonly memoryBytes: number;
  /** 10⁹ floating-point operations a second of a local problem, as it measured. */
  readonly gflops: number;
  /** Bytes a second of its link, as it measured. */
  readonly bandwidth: number;
  /** ISO 8601, UTC. */
  readonly joinedAt: string;
  readonly leaving: boolean;
  /** Since it joined. */
  readonly solves: number;
  readonly busySeconds: number;
  readonly bytes: number;
  /** What it holds, of which job: columns of a layer, from `start` up to `end` − 1. */
  readonly parts: readonly {
    readonly job: string;
    readonly layer: number;
    readonly start: number;
    readonly end: number;
  }[];
  /** The last problems that it solved, oldest first: as many as were asked for, and are kept. */
  readonly timeline: readonly WorkerSolve[];
};

/** A local problem that a worker solved; its times follow each other, as the coordinator saw them. */
export type WorkerSolve = {
  readonly job: string;
  readonly step: number;
  readonly layer: number;
  /** When the first of its matrices was sent to the worker. */
  readonly startedAt: string;
  readonly receiveSeconds: number;
  /** The worker has the problem, and solves others. */
  readonly waitSeconds: number;
  readonly solveSeconds: number;
  readonly sendSeconds: number;
};

/** The workers of this coordinator. */
export type Workers = {
  readonly workers: readonly Worker[];
};
