import type { Affine } from './affine.js';
import type { SolveForm, Solver } from './layer.js';

/** A local problem as far as the time that it takes goes. */
export interface SolveWork {
  readonly inputs: number;
  /** K. */
  readonly iterations: number;
  readonly form: SolveForm;
  readonly solver: Solver;
  /** How many slots the optimizer keeps for each parameter. */
  readonly slots: number;
  /** Whether the solve reports the objective, which takes a product. */
  readonly objective: boolean;
}

/*
 * What an iteration takes beside its products is bound by memory. Here it counts as so many operations of a product
 * as take that long, on an Intel Xeon with AVX-512 and ONNX Runtime; docs/results/cluster.md has the measurements.
 */

/** For each entry of Y: the transfer function, R = Y − T, its derivative, the sums of the bias. */
const OPERATIONS_AN_OUTPUT = 250;
/** For each entry of W: its update, and what each slot adds to that. */
const OPERATIONS_A_WEIGHT = 125;
const OPERATIONS_A_SLOT = 200;

/** Refinements of the exact solver and its first solution. */
const EXACT_STEPS = 3;

/**
 * Operations of a solve: those of its matrix products, where a product of m×k and k×n counts 2mkn, and what is
 * computed entry by entry as the operations of products that take as long.
 *
 * @param preactivationKnown whether A comes with the problem
 */
export function solveOperations(
  { inputs, iterations, form, solver, slots, objective }: SolveWork,
  batch: number,
  preactivationKnown: boolean,
): Affine {
  const withBatch = 2 * batch * inputs;
  const gram = withBatch * inputs;
  const withGram = 2 * inputs * inputs;
  if (solver === 'exact') {
    // A pivot is a product with a unit vector and an outer product; a step two products, a residual one.
    const sweeps = inputs * 2 * withGram;
    return { fixed: gram + sweeps, perColumn: EXACT_STEPS * (2 * withBatch + withGram) };
  }
  const last = objective ? 1 : 0;
  const updates = iterations * inputs * (OPERATIONS_A_WEIGHT + slots * OPERATIONS_A_SLOT);
  if (form === 'gram') {
    return { fixed: gram, perColumn: withBatch + (iterations - 1 + last) * withGram + updates };
  }
  // K gradients, K − 1 further pre-activations; the first is needed for T, so not where nothing reads T.
  const first = preactivationKnown || (iterations === 1 && !objective) ? 0 : 1;
  const products = (2 * iterations - 1 + first + last) * withBatch;
  const outputs = (iterations + last) * batch * OPERATIONS_AN_OUTPUT;
  return { fixed: 0, perColumn: products + outputs + updates };
}
