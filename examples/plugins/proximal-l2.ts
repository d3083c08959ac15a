import { add, definePart, multiply, square, subtract } from 'locoprop';

/**
 * Holds parameters near those at the start of the local problem, 1/(2η)‖p − p⁰‖², the proximal term of
 * Amid, Anil and Warmuth, "LocoProp", AISTATS 2022, and draws weights, not biases, towards zero,
 * ½λ‖W‖²: Krogh and Hertz, "A simple weight decay can improve generalization", NeurIPS 1991.
 */
export default definePart({
  kind: 'regularizer',
  name: 'proximal_l2',
  parameters: {
    eta: { default: 1, exclusiveMinimum: 0, description: 'η: the larger, the further parameters may move.' },
    lambda: { default: 1e-4, minimum: 0, description: 'λ: strength of the pull towards zero.' },
  },
  weights: ({ parameter, initial }, { eta, lambda }) => {
    const moved = subtract(parameter, initial);
    return {
      gradient: add(multiply(1 / eta, moved), multiply(lambda, parameter)),
      value: add(multiply(0.5 / eta, square(moved)), multiply(lambda / 2, square(parameter))),
    };
  },
  bias: ({ parameter, initial }, { eta }) => {
    const moved = subtract(parameter, initial);
    return { gradient: multiply(1 / eta, moved), value: multiply(0.5 / eta, square(moved)) };
  },
});
