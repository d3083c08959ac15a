import type { EpochMetrics } from '../../core/events.js';
import type { LayerState } from '../../core/state.js';
import type { Tensor } from '../../engine/engine.js';
import type { SecondOrderProblem } from '../../engine/second-order.js';
import type { ParameterTensors } from '../../engine/layer-tensors.js';
import type { Solution } from '../../engine/solve.js';

/** A local problem of one step. The tensors are the coordinator's engine's. */
export interface PlacedProblem extends SecondOrderProblem {
  readonly preactivation: Tensor; // A [examples, units]
  /** From 0. */
  readonly layer: number;
  /** The step that it is part of, from 1. */
  readonly step: number;
  /** Counts the redoes with other parameters in this step, from 1. */
  readonly attempt: number;
  /** What the layer's learning rate is multiplied by: the epoch's schedule, and the guard's caution. */
  readonly rateFactor: number;
}

/** What came of a local problem, summed over all parts of the layer. */
export type LayerReport = Omit<Solution, 'state'>;

/**
 * Where the layers' weights and slots live and their local problems are solved. In a step, every layer is
 * solved from its last settled state, again where the guard wants it, and then settled; once all are, the
 * step is committed.
 */
export interface LayerPool {
  /** Whether problems are solved beside the coordinator's engine: it can then begin the next forward pass. */
  readonly concurrent: boolean;
  /**
   * A layer's parameters for the next forward pass, on the coordinator's engine: while the layer is being
   * solved, those that the step in hand comes to. They belong to the pool, which keeps those of the step
   * before until the commit.
   */
  parameters(layer: number): Promise<ParameterTensors>;
  /** Solves from the settled state. The problem's tensors stay the caller's. */
  solve(problem: PlacedProblem): Promise<LayerReport>;
  /** Told once all problems of a step are given: the sweep has left the coordinator's engine. */
  swept(): void;
  /** Ends a layer's step: with its last solution, or with the state that it had. */
  settle(layer: number, accepted: boolean): Promise<void>;
  /** Ends a step, once all its layers are settled. */
  commit(): Promise<void>;
  /**
   * What the workers did since the last call; undefined where there are none.
   * @param stepSeconds of each step since
   */
  workerMetrics(stepSeconds: readonly number[]): EpochMetrics['cluster'];
  /** Copies of weights and slots as of the last commit. */
  states(): Promise<LayerState[]>;
  close(): Promise<void>;
}
