import {
  add,
  divide,
  input,
  minimum,
  multiply,
  scalar,
  sqrt,
  square,
  subtract,
  sum,
} from './expression/expression.js';
import type { Routine } from './expression/routine.js';

/** Keeps a shift of zero from dividing by zero; that of the program below. */
const SMALLEST_NORM = 1e-5;

/**
 * The input of the layer above a solved one, moved towards what the solved layer now gives: with δ = Y' − Y,
 * X' = Y + min(‖δ‖, c√units) δ/‖δ‖, ‖δ‖ the root of the sum of squares over the whole batch. As
 * `LocopropTrainer` of dvruette/locoprop-torch (locoprop/trainer.py, 2023) has it.
 *
 * Inputs: output Y [examples, units] of the forward pass; solved Y' of the same shape, with the layer's new
 * weights and its own corrected input. Scalars: limit c√units. Outputs: inputs X' [examples, units].
 */
export const correctionRoutine: Routine = (() => {
  const output = input('output');
  const shift = subtract(input('solved'), output);
  const norm = add(sqrt(sum(square(shift), 'all')), SMALLEST_NORM);
  const factor = divide(minimum(norm, scalar('limit')), norm);
  return {
    name: 'correction',
    setup: { inputs: add(output, multiply(factor, shift)) },
    outputs: ['inputs'],
  };
})();
