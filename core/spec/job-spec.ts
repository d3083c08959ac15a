import type { AndersonSettings } from '../anderson.js';
import type { DataSource, TargetKind } from '../dataset.js';
import type { BiasInitializer, WeightInitializer } from '../initializers.js';
import type { Solver, SolveForm } from '../layer.js';
import type { KfacSettings } from '../second-order/kfac.js';
import type { ShampooSettings } from '../second-order/shampoo.js';
import type { EpochSchedule, LocalSchedule } from '../schedules.js';

/** How a job that is submitted to a coordinator waits and is tried again. */
export interface QueueWishes {
  /** From 0 to 100; higher ones come first. */
  readonly priority: number;
  /** Of running, after which it fails; null for none. */
  readonly timeLimitSeconds: number | null;
  /** How often it is tried again after a failure that may pass. */
  readonly retries: number;
}

/** A part with its hyperparameters. */
export type PartReference = { readonly name: string } & Readonly<Record<string, string | number>>;

/** A layer's local problem. */
export interface LocalSpec {
  readonly loss: PartReference;
  readonly target: PartReference;
  readonly iterations: number;
  readonly schedule: LocalSchedule;
  readonly regularizer: PartReference;
  readonly optimizer: PartReference;
  readonly solver: Solver;
  readonly anderson: AndersonSettings;
  readonly form: SolveForm | 'auto';
  /** μ of the mean gradient that targets are made of; 0 for none. */
  readonly residualMomentum: number;
}

export interface LayerSpec {
  readonly units: number;
  readonly transfer: PartReference;
  /** What differs from the network's `local`. */
  readonly local?: Partial<LocalSpec> | undefined;
}

/** A job as it runs: a validated spec with every default filled in. */
export interface JobSpec {
  readonly name: string;
  readonly seed: number;
  readonly plugins: readonly string[];
  readonly data: {
    readonly train: DataSource;
    readonly test: DataSource | null;
    readonly targets: TargetKind;
  };
  readonly network: {
    readonly layers: readonly LayerSpec[];
    readonly loss: PartReference;
    readonly initializer: { readonly weights: WeightInitializer; readonly biases: BiasInitializer };
  };
  readonly training: {
    readonly algorithm: 'locoprop' | 'backprop' | 'kfac' | 'shampoo';
    readonly batchSize: number;
    readonly epochs: number;
    /** Ends so many epochs after the start, within a schedule of `epochs`. */
    readonly stopAfterEpochs: number | null;
    readonly schedule: EpochSchedule;
    /** c: how far a solved layer moves the next one's input; 0 for not at all, and all layers at once. */
    readonly correction: number;
  };
  readonly local: LocalSpec;
  readonly kfac: KfacSettings & { readonly learningRate: number };
  readonly shampoo: ShampooSettings & { readonly learningRate: number };
  readonly guard: {
    readonly enabled: boolean;
    readonly limit: number;
    readonly retries: number;
    readonly shrink: number;
  };
  readonly engine: { readonly name: string; readonly threads: number | null };
  readonly cluster: {
    /** How matrices travel between coordinator and workers. */
    readonly wire: 'f32' | 'bf16';
    /** A worker from which nothing came for so long is lost. */
    readonly leaseSeconds: number;
  };
  /** What the service makes of the job; nothing of it touches the training. */
  readonly queue: QueueWishes;
  readonly evaluation: {
    readonly everyEpochs: number;
    readonly trainExamples: number | null;
    readonly testExamples: number | null;
    readonly batchSize: number | null;
  };
  readonly checkpoints: {
    readonly everyEpochs: number;
    readonly everySteps: number | null;
    readonly keep: number;
  };
  readonly initialWeights: string | null;
}
