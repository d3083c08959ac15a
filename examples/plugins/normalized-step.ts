import { add, definePart, divide, multiply, sqrt, square, sum } from 'locoprop';

/**
 * A target at the same distance from the output for every example, along the example's own gradient:
 * normalised gradient descent as in Hazan, Levy and Shalev-Shwartz, "Beyond convexity: stochastic
 * quasi-convex optimization", NeurIPS 2015, taken in the space of a layer's outputs.
 */
export default definePart({
  kind: 'target',
  name: 'normalized_step',
  parameters: {
    distance: {
      default: 1,
      exclusiveMinimum: 0,
      description: 'How far the targets of all examples lie from the outputs, divided by their number.',
    },
    epsilon: { default: 1e-8, exclusiveMinimum: 0, description: 'ε: keeps the division finite.' },
  },
  displacement: ({ gradient, examples }, { distance, epsilon }) => {
    // A row's gradient has 1/examples in it; ε is to be compared with the gradient of the example's loss.
    const own = multiply(gradient, examples); // [examples, units]
    const length = sqrt(sum(square(own), 1)); // [examples, 1]
    return multiply(divide(distance, examples), divide(own, add(length, epsilon)));
  },
});
