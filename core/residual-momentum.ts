import { add, input, multiply, scalar, subtract } from './expression/expression.js';
import type { Routine } from './expression/routine.js';

/**
 * Momentum on what the targets are made of: m ← (1 − μ)D + μm, D a step's gradient with respect to the
 * pre-activations, m that of the step before and in the first step D itself; the target rule is given m for D.
 * Rows are places in the batch, so m mixes examples that only share a place. As `LocopropTrainer` of
 * dvruette/locoprop-torch (locoprop/trainer.py, 2023) has it. What is swept on to the layers below is D.
 *
 * Inputs: gradient D and mean m [examples, units]. Scalars: momentum μ. Outputs: mean.
 */
export const gradientMeanRoutine: Routine = (() => {
  const momentum = scalar('momentum');
  const fresh = multiply(subtract(1, momentum), input('gradient'));
  return {
    name: 'residual momentum',
    setup: { mean: add(fresh, multiply(momentum, input('mean'))) },
    outputs: ['mean'],
  };
})();
