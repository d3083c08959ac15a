import type { Shape } from '../expression/shapes.js';
import type { Routine } from '../expression/routine.js';

/** A layer's numbers of inputs and units. */
export interface LayerSize {
  readonly inputs: number;
  readonly units: number;
}

/** Computes inverses or roots of factors anew; its outputs are factors. */
export interface Refresh {
  /** Inputs: the factors, and positions, 0 to n − 1 [n, 1], with n the layer's number of these. */
  readonly routine: Routine;
  readonly over: keyof LayerSize;
}

/**
 * A second-order method for one layer: the gradient is multiplied by matrices made of factors, which are
 * averages over the steps so far. A step is
 *
 * 1. the gradient (`gradientRoutine`),
 * 2. `statistics`, which brings the averages up to date,
 * 3. where `refreshIsDue`, `refreshes`,
 * 4. `direction`, the preconditioned gradient,
 * 5. the update (`updateRoutine`).
 *
 * Scalars of 2 to 4: examples; inputCount and unitCount, the layer's size; count, of this step, from 1; and of
 * `refreshes` those of `inverseRoot`. Slots and factors start at zero.
 */
export interface SecondOrderMethod {
  /** Whether `statistics` has sampledGradient, D of labels drawn from the network's own distribution. */
  readonly sampled: boolean;
  /** μ. */
  readonly momentum: number;
  readonly updateEvery: number;
  /** Least ρ of the inverse roots; that of the engine's precision is used where it is larger. */
  readonly ridge: number;
  /** Names of the slots of weights and bias, with that of the update. */
  readonly slots: readonly string[];
  /** Names and shapes of the factors. */
  readonly factors: (size: LayerSize) => Readonly<Record<string, Shape>>;
  /**
   * Inputs: inputs X, displacement D, sampledGradient where the method asks for it, the gradients, the factors.
   * Outputs: some of the factors.
   */
  readonly statistics: Routine;
  readonly refreshes: readonly Refresh[];
  /**
   * Inputs: the gradients, the factors, the slots as `initialWeights.<slot>` and `initialBias.<slot>`. Outputs:
   * directionWeights, directionBias and the slots as `weights.<slot>` and `bias.<slot>`. Numbers: alignment,
   * ⟨direction, gradient⟩.
   */
  readonly direction: Routine;
  /**
   * What all directions of a step are multiplied by.
   * @param alignment the sum over all layers
   */
  readonly scale: (alignment: number, rate: number) => number;
}

/** Steps at the start whose averages are of so few batches that every one of them changes the inverses. */
const EARLY_STEPS = 3;

/**
 * Whether a step computes inverses and roots anew: as Martens and Grosse's algorithm 2, at every one of the
 * first three steps and then every `updateEvery` steps.
 * @param updates the layer has seen before this step
 */
export const refreshIsDue = ({ updateEvery }: SecondOrderMethod, updates: number): boolean =>
  updates < EARLY_STEPS || updates % updateEvery === 0;
