/** One line of metrics.jsonl: what is known at the end of an epoch. */
export interface EpochMetrics {
  /** Epochs completed. */
  readonly epoch: number;
  /** Steps completed. */
  readonly step: number;
  /** Mean loss over the training examples, with the weights at the end of the epoch. */
  readonly trainLoss: number;
  readonly testLoss: number | null;
  /** Mean over examples and outputs of the squared difference of output and label. */
  readonly trainError: number;
  readonly testError: number | null;
  /** Share of right classes, 0 to 1; null unless the network is a classifier. */
  readonly trainAccuracy: number | null;
  readonly testAccuracy: number | null;
  /** Seconds spent in training steps since the start of the run, evaluation not counted. */
  readonly trainSeconds: number;
  readonly examplesPerSecond: number;
  /** Mean over the epoch's steps of each layer's local objective, first layer first. */
  readonly layers: readonly LayerMetrics[];
  /** Where workers solve the layers: what the planner foretold, and what was. */
  readonly cluster?: {
    /** Mean over the epoch's steps. */
    readonly stepSeconds: number;
    readonly predictedSeconds: number;
    readonly workers: readonly WorkerMetrics[];
  };
}

export interface LayerMetrics {
  /** Before the first local iteration; null where the objective has no elementary form. */
  readonly objectiveBefore: number | null;
  /** After the last local iteration. */
  readonly objectiveAfter: number | null;
  /**
   * The largest rise of the objective in a step of the epoch, as the guard sees it: in units of
   * ½‖R⁰‖²/examples; null where there is no objective.
   */
  readonly largestRise: number | null;
  /** Solves that the guard had redone in this epoch. */
  readonly guardRedone: number;
  /** Steps of the epoch in which it gave the layer's problem up: the layer stayed as it was. */
  readonly guardGaveUp: number;
}

/** Classes of a classifier of whose examples there is a table; of more it would be too large for a log. */
export const MAX_CONFUSION_CLASSES = 100;

/** Examples, [true class, predicted class]. */
export type ClassCounts = readonly (readonly number[])[];

/** How a classifier sorted the examples of a data set at the end of an epoch. */
export interface Confusion {
  /** Epochs completed. */
  readonly epoch: number;
  /** Steps completed. */
  readonly step: number;
  /** The data that was evaluated: the test data where there is some. */
  readonly data: 'train' | 'test';
  readonly counts: ClassCounts;
}

/** Columns of a layer and who solves them. */
export interface PlacedColumns {
  /** From 1. */
  readonly layer: number;
  /** The columns start to end − 1, from 0. */
  readonly start: number;
  readonly end: number;
  readonly worker: string;
}

/** A step on the curve of a run. */
export interface StepPoint {
  /** Steps committed, this one included. */
  readonly step: number;
  /** From 1. */
  readonly epoch: number;
  /** Of the batch, before the step's updates. */
  readonly loss: number;
  /** Seconds spent in training steps since the start of the run. */
  readonly trainSeconds: number;
}

/** A worker as it joined. */
export interface WorkerInfo {
  readonly worker: string;
  readonly host: string;
  readonly engine: string;
  readonly threads: number;
  readonly memoryBytes: number;
  /** 10⁹ floating-point operations a second of a local problem, as it measured. */
  readonly gflops: number;
  /** Bytes a second of its link, as it measured. */
  readonly bandwidth: number;
}

/** A worker in one epoch. */
export interface WorkerMetrics {
  readonly worker: string;
  /** Share of the steps' time in which it was solving. */
  readonly busy: number;
  readonly solves: number;
  /** Bytes of matrices, both ways. */
  readonly bytes: number;
}

/** Why a run ended. */
export type RunOutcome = 'completed' | 'stopped' | 'failed';

/** A solve that the guard did not accept. */
interface RefusedSolve {
  readonly step: number;
  readonly layer: number;
  /** From 1. */
  readonly attempt: number;
  readonly learningRateFactor: number;
  readonly objectiveBefore: number | null;
  readonly objectiveAfter: number | null;
}

/** What can happen in a run; each kind has its own fields. */
export type RunEventBody =
  | {
      readonly type: 'run.started';
      readonly job: string;
      readonly engine: string;
      /** What it runs on, and why it was chosen; runs of older versions have none. */
      readonly engineDescription?: string;
      readonly threads: number;
      readonly parameters: number;
      readonly trainExamples: number;
      readonly stepsPerEpoch: number;
      readonly epochs: number;
      /** Steps already committed: 0 for a new run. */
      readonly step: number;
    }
  | {
      readonly type: 'step.done';
      /** Epoch of this step, from 1. */
      readonly epoch: number;
      /** Steps committed, this one included. */
      readonly step: number;
      /** Loss of the batch before the step's updates. */
      readonly loss: number;
      readonly examples: number;
      readonly seconds: number;
      /** What they went to. */
      readonly phases: {
        /** Waiting for the batch. */
        readonly data: number;
        /** The forward pass, as far as it did not run beside the solves of the step before. */
        readonly forward: number;
        /** The backward sweep: gradients and displacements. */
        readonly targets: number;
        /** The local problems; where workers solve them, what is left of them after the sweep. */
        readonly solve: number;
      };
    }
  /** Another attempt follows, with a smaller rate. */
  | ({ readonly type: 'guard.redone' } & RefusedSolve)
  /** None follows: the layer stays as it was in this step. */
  | ({ readonly type: 'guard.gave-up' } & RefusedSolve)
  | ({ readonly type: 'epoch.done' } & EpochMetrics)
  /** After the end of an epoch, of a classifier of at most `MAX_CONFUSION_CLASSES` classes. */
  | ({ readonly type: 'classes.counted' } & Confusion)
  | {
      readonly type: 'checkpoint.saved';
      readonly step: number;
      readonly file: string;
      readonly best: boolean;
    }
  | { readonly type: 'checkpoint.damaged'; readonly file: string; readonly reason: string }
  | ({ readonly type: 'worker.joined' } & WorkerInfo)
  /** It said that it leaves, and its parts are elsewhere. */
  | { readonly type: 'worker.left'; readonly worker: string; readonly reason: string }
  | { readonly type: 'worker.lost'; readonly worker: string; readonly reason: string }
  /** A worker that the run had started itself has ended; another takes its place after a while. */
  | {
      readonly type: 'worker.restarted';
      readonly worker: string;
      readonly reason: string;
      readonly delayMs: number;
    }
  | { readonly type: 'worker.refused'; readonly peer: string; readonly code: string; readonly reason: string }
  | {
      readonly type: 'plan.made';
      /** Steps committed before it holds. */
      readonly step: number;
      readonly parts: readonly PlacedColumns[];
      readonly predictedSeconds: number;
      /** Workers that would slow a step down. */
      readonly leftOut: readonly string[];
      /** How many parts changed their place. */
      readonly moved: number;
    }
  | {
      readonly type: 'part.recovered';
      /** The step in hand. */
      readonly step: number;
      readonly part: PlacedColumns;
      readonly from: string;
      /** Solves that were made again. */
      readonly repeated: number;
      readonly seconds: number;
    }
  /** There is nobody to solve: the run goes on when a worker joins. */
  | { readonly type: 'run.waiting'; readonly step: number; readonly reason: string }
  /** There are workers, and nothing for them to do. */
  | { readonly type: 'run.alone'; readonly step: number; readonly reason: string }
  | {
      readonly type: 'run.ended';
      readonly outcome: RunOutcome;
      readonly step: number;
      readonly epoch: number;
      readonly reason: string | null;
    };

/** An event as it stands in the log: numbered from 1 without gaps. */
export type RunEvent = RunEventBody & { readonly sequence: number; readonly time: string };
