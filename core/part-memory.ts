import type { Routine } from './expression/routine.js';
import type { Solver } from './layer.js';

/** A layer as far as the memory of its parts goes. */
export interface PartMemory {
  readonly inputs: number;
  /** How many slots the optimizer keeps for each parameter. */
  readonly slots: number;
  readonly solver: Solver;
  /** Matrices of the weights' shape that a solve carries from pass to pass besides; none where absent. */
  readonly history?: number;
}

/** What a solve by `routine` carries of that kind, where the optimizer keeps so many slots. */
export function historyOf({ loop }: Routine, slots: number): number {
  const names = Object.keys(loop?.body ?? {}).filter((name) => name.startsWith('weights.'));
  return Math.max(0, names.length - slots);
}

/** Engines and the wire hold float32; the reference engine, which is there to check others, twice that. */
const FLOAT_BYTES = 4;

/**
 * Bytes that a part of `columns` columns takes where it lives, for batches of `batch` examples. Workers set
 * so much aside, and coordinators plan with the same number.
 */
export function partBytes(
  { inputs, slots, solver, history = 0 }: PartMemory,
  columns: number,
  batch: number,
): number {
  const parameters = (inputs + 1) * columns;
  // Weights [inputs, columns] and bias [1, columns] with their slots, twice: a solve's result stands beside
  // what it started from until the next step.
  const states = 2 * (1 + slots) * parameters;
  // X [batch, inputs], and R⁰, A and T [batch, columns].
  const problem = batch * (inputs + 3 * columns);
  // The exact solver's matrix that is swept, before and after a pass, and the centred inputs; else Xᵀ and,
  // entry by entry, what the gradient and the update are made of.
  const work =
    solver === 'exact'
      ? 2 * inputs ** 2 + batch * (inputs + columns) + 2 * parameters
      : batch * (inputs + 2 * columns) + (2 + slots) * parameters;
  // Before and after a pass.
  const carried = 2 * history * parameters;
  // A worker keeps its answer for a request that is repeated.
  const answer = parameters;
  return FLOAT_BYTES * (states + problem + work + carried + answer);
}
