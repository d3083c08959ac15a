import type { LayerState } from '../../core/state.js';
import type { ParameterTensors } from '../../engine/layer-tensors.js';
import type { LocalProblem, Solution } from '../../engine/solve.js';

/** A local problem of one step. The tensors are the coordinator's engine's. */
export interface PlacedProblem extends Required<LocalProblem> {
  /** From 0. */
  readonly layer: number;
  /** What the layer's learning rate is multiplied by: the epoch's schedule, and the guard's caution. */
  readonly rateFactor: number;
}

/** What came of a local problem, summed over all parts of the layer. */
export type LayerReport = Omit<Solution, 'state'>;

/**
 * Where the layers' weights and slots live and their local problems are solved. A solve starts from
 * the state of the last commit, however often it is repeated; `commit` makes each layer's last solution
 * the new state.
 */
export interface LayerPool {
  /** Parameters as of the last commit, on the coordinator's engine. They belong to the pool. */
  parameters(layer: number): ParameterTensors;
  /** Solves and keeps the solution until the commit. The problem's tensors stay the caller's. */
  solve(problem: PlacedProblem): Promise<LayerReport>;
  /** Forgets the layer's solution: the commit leaves its state as it is. */
  reject(layer: number): void;
  commit(): void;
  /** Copies of weights and slots as of the last commit. */
  states(): Promise<LayerState[]>;
  close(): Promise<void>;
}
