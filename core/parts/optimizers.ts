import {
  add,
  divide,
  multiply,
  power,
  sqrt,
  square,
  subtract,
  type Expression,
} from '../expression/expression.js';
import type { ParameterSpec } from '../spec/part-catalogue.js';
import type { Optimizer } from './part.js';

const learningRate = (value?: number): ParameterSpec => ({
  ...(value === undefined ? {} : { default: value }),
  minimum: 0,
  description: 'Learning rate, multiplied by the schedules.',
});
const share = (value: number, description: string): ParameterSpec => ({
  default: value,
  minimum: 0,
  exclusiveMaximum: 1,
  description,
});
const epsilon = (value: number): ParameterSpec => ({
  default: value,
  exclusiveMinimum: 0,
  description: 'ε: keeps the division finite.',
});
const momentum = share(0.9, 'μ: share of the last step that is kept.');

/** ρ·average + (1 − ρ)·value. */
const movingAverage = (average: Expression, decay: number, value: Expression): Expression =>
  add(multiply(decay, average), multiply(1 - decay, value));

/** The optimizers of the paper's comparison; slots as in TensorFlow 1's, which its notebook uses. */
export const optimizers: readonly Optimizer[] = [
  {
    kind: 'optimizer',
    name: 'sgd',
    parameters: { learningRate: learningRate() },
    slots: () => ({}),
    update: ({ parameter, gradient, rate }) => ({
      parameter: subtract(parameter, multiply(rate, gradient)),
      slots: {},
    }),
  },
  {
    kind: 'optimizer',
    name: 'momentum',
    parameters: { learningRate: learningRate(), momentum },
    slots: () => ({ momentum: 0 }),
    update: ({ parameter, gradient, rate, slots }, h) => {
      const m = add(multiply(h['momentum']!, slots['momentum']!), gradient);
      return { parameter: subtract(parameter, multiply(rate, m)), slots: { momentum: m } };
    },
  },
  {
    kind: 'optimizer',
    name: 'nesterov',
    parameters: { learningRate: learningRate(), momentum },
    slots: () => ({ momentum: 0 }),
    update: ({ parameter, gradient, rate, slots }, h) => {
      const m = add(multiply(h['momentum']!, slots['momentum']!), gradient);
      const ahead = add(gradient, multiply(h['momentum']!, m));
      return { parameter: subtract(parameter, multiply(rate, ahead)), slots: { momentum: m } };
    },
  },
  {
    // Kingma and Ba, 2015, algorithm 1, with the corrections moved into the rate (end of section 2).
    kind: 'optimizer',
    name: 'adam',
    parameters: {
      learningRate: learningRate(1e-3),
      beta1: share(0.9, 'β₁: decay of the mean of the gradient.'),
      beta2: share(0.999, 'β₂: decay of the mean of its square.'),
      epsilon: epsilon(1e-8),
    },
    slots: () => ({ m: 0, v: 0 }),
    update: ({ parameter, gradient, rate, count, slots }, h) => {
      const { beta1 = 0, beta2 = 0 } = h;
      const m = movingAverage(slots['m']!, beta1, gradient);
      const v = movingAverage(slots['v']!, beta2, square(gradient));
      const correction = divide(sqrt(subtract(1, power(beta2, count))), subtract(1, power(beta1, count)));
      const step = divide(multiply(multiply(rate, correction), m), add(sqrt(v), h['epsilon']!));
      return { parameter: subtract(parameter, step), slots: { m, v } };
    },
  },
  {
    // TensorFlow 1's RMSPropOptimizer: the mean square starts at 1 and ε stands under the root.
    kind: 'optimizer',
    name: 'rmsprop',
    parameters: {
      learningRate: learningRate(),
      momentum,
      decay: share(0.9, 'ρ: decay of the mean of the squared gradient.'),
      epsilon: epsilon(1e-5),
    },
    slots: () => ({ rms: 1, momentum: 0 }),
    update: ({ parameter, gradient, rate, slots }, h) => {
      // With g̃ = √(1 − ρ) g the mean square needs no factor of its own: an engine can have the product
      // that g is come out scaled.
      const scale = Math.sqrt(1 - h['decay']!);
      const scaled = multiply(scale, gradient);
      const rms = add(multiply(h['decay']!, slots['rms']!), square(scaled));
      const step = divide(multiply(divide(rate, scale), scaled), sqrt(add(rms, h['epsilon']!)));
      const m = add(multiply(h['momentum']!, slots['momentum']!), step);
      return { parameter: subtract(parameter, m), slots: { rms, momentum: m } };
    },
  },
  {
    kind: 'optimizer',
    name: 'adagrad',
    parameters: {
      learningRate: learningRate(),
      initialAccumulator: {
        default: 0.1,
        exclusiveMinimum: 0,
        description: 'Initial sum of squared gradients.',
      },
    },
    slots: (h) => ({ accumulator: h['initialAccumulator']! }),
    update: ({ parameter, gradient, rate, slots }) => {
      const accumulator = add(slots['accumulator']!, square(gradient));
      const step = divide(multiply(rate, gradient), sqrt(accumulator));
      return { parameter: subtract(parameter, step), slots: { accumulator } };
    },
  },
];
