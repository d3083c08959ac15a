import type { Matrix } from './matrix.js';

/** What training changes of one layer: its parameters and the optimizer's slots. */
export interface LayerState {
  readonly weights: Matrix; // [inputs, units]
  readonly bias: Matrix; // [1, units]
  /** One matrix a slot of the optimizer, each of the weights' shape. */
  readonly weightSlots: Readonly<Record<string, Matrix>>;
  /** One matrix a slot of the optimizer, each of the bias' shape. */
  readonly biasSlots: Readonly<Record<string, Matrix>>;
  /** Averages and inverses of a second-order method, of shapes of their own; only there. */
  readonly factors?: Readonly<Record<string, Matrix>>;
  /** Local iterations made so far; adam's t. */
  readonly updates: number;
}

/** Where a run stands: after `step` committed steps. */
export interface Position {
  /** Steps committed since the start of the run. */
  readonly step: number;
  /** The epoch that the next step belongs to, from 0. */
  readonly epoch: number;
  /** Batches of that epoch already done. */
  readonly batch: number;
}

/** Everything that resuming needs, all of one committed step. */
export interface RunState {
  readonly position: Position;
  /** Number of the last event that belongs to this state. */
  readonly event: number;
  /** The random streams are functions of the seed and of names, so the seed is their state. */
  readonly random: { readonly generator: string; readonly seed: number };
  /** Seconds spent in training steps so far. */
  readonly trainSeconds: number;
  /** Lowest test loss (train loss without test data) of an epoch so far. */
  readonly bestLoss: number | null;
  readonly layers: readonly LayerState[];
  /** Running means of gradients, by layer; only with `residualMomentum`, and null for a layer without it. */
  readonly gradientMeans?: readonly (Matrix | null)[]; // [batch, units]
}
