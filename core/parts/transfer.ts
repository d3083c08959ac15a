import {
  abs,
  add,
  divide,
  exp,
  greater,
  log,
  max,
  maximum,
  multiply,
  minimum,
  sigmoid,
  square,
  subtract,
  sum,
  tanh,
  where,
  type Expression,
} from '../expression/expression.js';
import type { Hyperparameters, TransferFunction } from './part.js';

type Derivative = (a: Expression, y: Expression, h: Hyperparameters) => Expression;

/** An f that acts on each entry, given by its derivative. */
const elementwise = (
  part: Omit<TransferFunction, 'kind' | 'elementwise' | 'pullback' | 'parameters'> & {
    readonly parameters?: TransferFunction['parameters'];
    readonly derivative: Derivative;
  },
): TransferFunction => {
  const { derivative, ...rest } = part;
  return {
    kind: 'transfer',
    elementwise: true,
    parameters: {},
    pullback: (d, a, y, h) => multiply(d, derivative(a, y, h)),
    ...rest,
  };
};

/** log(1 + eˣ) without overflow. */
const softplusOf = (x: Expression): Expression => add(maximum(x, 0), log(add(1, exp(multiply(abs(x), -1)))));

const identity: TransferFunction = {
  kind: 'transfer',
  name: 'identity',
  elementwise: true,
  parameters: {},
  value: (a) => a,
  pullback: (d) => d,
  potential: (a) => multiply(0.5, square(a)),
};

const hyperbolicTangent = elementwise({
  name: 'tanh',
  value: (a) => tanh(a),
  derivative: (_, y) => subtract(1, square(y)),
  // log cosh a, without overflow: cosh a = e^|a| / (1 + tanh |a|).
  potential: (a) => subtract(abs(a), log(add(1, abs(tanh(a))))),
});

const logistic = elementwise({
  name: 'sigmoid',
  value: (a) => sigmoid(a),
  derivative: (_, y) => multiply(y, subtract(1, y)),
  // log(1 + eᵃ), without overflow: 1 + e^|a| = e^|a| / σ(|a|), and σ(−a) = 1 − σ(a).
  potential: (a) => subtract(maximum(a, 0), log(maximum(sigmoid(a), subtract(1, sigmoid(a))))),
});

const relu = elementwise({
  name: 'relu',
  value: (a) => maximum(a, 0),
  derivative: (a) => where(greater(a, 0), 1, 0),
  potential: (a) => multiply(0.5, square(maximum(a, 0))),
});

const leakyRelu = elementwise({
  name: 'leaky_relu',
  parameters: { slope: { default: 0.2, minimum: 0, description: 'Slope below zero.' } },
  value: (a, h) => where(greater(a, 0), a, multiply(h['slope']!, a)),
  derivative: (a, _, h) => where(greater(a, 0), 1, h['slope']!),
  potential: (a, h) => multiply(0.5, multiply(a, where(greater(a, 0), a, multiply(h['slope']!, a)))),
});

/** eᵃ for a below zero, 1 above it: no overflow in the branch that `where` drops. */
const expBelowZero = (a: Expression): Expression => exp(minimum(a, 0));

const elu = elementwise({
  name: 'elu',
  value: (a) => where(greater(a, 0), a, subtract(expBelowZero(a), 1)),
  derivative: (a) => expBelowZero(a),
  potential: (a) => where(greater(a, 0), multiply(0.5, square(a)), subtract(subtract(expBelowZero(a), a), 1)),
});

// Its potential is a dilogarithm: no elementary form.
const softplus = elementwise({
  name: 'softplus',
  value: softplusOf,
  derivative: (a) => sigmoid(a),
});

/** e^(a − largest a of the example). */
const shiftedExp = (a: Expression): Expression => exp(subtract(a, max(a, 1)));

const softmax: TransferFunction = {
  kind: 'transfer',
  name: 'softmax',
  elementwise: false,
  parameters: {},
  value: (a) => divide(shiftedExp(a), sum(shiftedExp(a), 1)),
  pullback: (d, _, y) => multiply(y, subtract(d, sum(multiply(d, y), 1))),
  // log Σ eᵃ, one number an example.
  potential: (a) => add(max(a, 1), log(sum(shiftedExp(a), 1))),
};

/** The transfer functions of the method's description, with their potentials F, F' = f. */
export const transferFunctions: readonly TransferFunction[] = [
  identity,
  hyperbolicTangent,
  logistic,
  relu,
  leakyRelu,
  elu,
  softplus,
  softmax,
];
