import { add, definePart, greater, multiply, subtract, where, type Expression } from 'locoprop';

/** −1, 0 or 1, entry by entry. */
const sign = (x: Expression): Expression => subtract(where(greater(x, 0), 1, 0), where(greater(0, x), 1, 0));

/**
 * Lion: Chen et al., "Symbolic discovery of optimization algorithms", NeurIPS 2023, algorithm 2, without
 * its weight decay, which is a regularizer's part here.
 */
export default definePart({
  kind: 'optimizer',
  name: 'lion',
  parameters: {
    learningRate: { default: 1e-4, minimum: 0, description: 'Learning rate, multiplied by the schedules.' },
    beta1: {
      default: 0.9,
      minimum: 0,
      exclusiveMaximum: 1,
      description: 'β₁: share of the mean gradient in the direction of a step.',
    },
    beta2: {
      default: 0.99,
      minimum: 0,
      exclusiveMaximum: 1,
      description: 'β₂: decay of the mean gradient.',
    },
  },
  slots: () => ({ mean: 0 }),
  update: ({ parameter, gradient, rate, slots }, { beta1, beta2 }) => {
    const mean = slots['mean']!;
    const direction = add(multiply(beta1, mean), multiply(1 - beta1, gradient));
    return {
      parameter: subtract(parameter, multiply(rate, sign(direction))),
      slots: { mean: add(multiply(beta2, mean), multiply(1 - beta2, gradient)) },
    };
  },
});
