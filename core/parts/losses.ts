import {
  abs,
  add,
  exp,
  greater,
  log,
  max,
  maximum,
  minimum,
  multiply,
  negate,
  square,
  subtract,
  sum,
  where,
} from '../expression/expression.js';
import type { LocalLoss, NetworkLoss } from './part.js';

/** Keep −log(−log u) of a uniform number u finite, in float32 too, which rounds numbers next to 1 to it. */
const SMALLEST_UNIFORM = 1e-30;
const LARGEST_UNIFORM = 1 - 2 ** -24;

/** Losses of a network: the sum over the outputs; the mean over the examples is taken outside. */
export const networkLosses: readonly NetworkLoss[] = [
  {
    kind: 'loss',
    name: 'sigmoid_cross_entropy',
    parameters: {},
    transfer: 'sigmoid',
    // −z log y − (1 − z) log(1 − y) in terms of a, without overflow.
    value: ({ a, labels }) =>
      add(subtract(maximum(a, 0), multiply(a, labels)), log(add(1, exp(multiply(abs(a), -1))))),
    gradient: ({ y, labels }) => subtract(y, labels),
    // Bernoulli: 1 with probability y.
    sample: { noise: 'uniform', labels: ({ y, noise }) => where(greater(y, noise), 1, 0) },
  },
  {
    kind: 'loss',
    name: 'softmax_cross_entropy',
    parameters: {},
    transfer: 'softmax',
    // log Σ eᵃ − Σ z a, for labels z that sum to 1.
    value: ({ a, labels }) => {
      const largest = max(a, 1);
      const logSumExp = add(largest, log(sum(exp(subtract(a, largest)), 1)));
      return subtract(logSumExp, sum(multiply(labels, a), 1));
    },
    gradient: ({ y, labels }) => subtract(y, labels),
    // Categorical: the largest of a + g, g of Gumbel's distribution, is entry j with probability yⱼ.
    sample: {
      noise: 'uniform',
      labels: ({ a, noise }) => {
        const uniform = minimum(maximum(noise, SMALLEST_UNIFORM), LARGEST_UNIFORM);
        const chances = add(a, negate(log(negate(log(uniform)))));
        return where(greater(max(chances, 1), chances), 0, 1);
      },
    },
  },
  {
    kind: 'loss',
    name: 'squared_error',
    parameters: {},
    value: ({ y, labels }) => multiply(0.5, square(subtract(y, labels))),
    gradient: ({ y, labels, pullback }) => pullback(subtract(y, labels)),
    // Normal, with mean y and variance 1.
    sample: { noise: 'normal', labels: ({ y, noise }) => add(y, noise) },
  },
];

/** Local losses of LocoProp-S and LocoProp-M (Amid et al., section 3). */
export const localLosses: readonly LocalLoss[] = [
  {
    kind: 'localLoss',
    name: 'squared',
    parameters: {},
    output: 'preactivation',
    quadratic: true,
    gradient: ({ displacement }) => displacement,
    value: ({ displacement }) => [multiply(0.5, sum(square(displacement), 'all'))],
  },
  {
    kind: 'localLoss',
    name: 'matching',
    parameters: {},
    output: 'postactivation',
    gradient: ({ displacement }) => displacement,
    // F(a) − T·a: the Bregman divergence of F between a and the target, less a constant.
    value: ({ a, target, potential }) => potential && [potential, negate(sum(multiply(target, a), 'all'))],
  },
];
