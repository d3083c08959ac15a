import { multiply, square, subtract } from '../expression/expression.js';
import type { Hyperparameters, Regularizer, RegularizerContext, RegularizerTerm } from './part.js';

const none = (): undefined => undefined;

/** 1/(2η) ‖p − p⁰‖². */
const proximalTerm = ({ parameter, initial }: RegularizerContext, h: Hyperparameters): RegularizerTerm => {
  const moved = subtract(parameter, initial);
  return { gradient: multiply(1 / h['eta']!, moved), value: multiply(0.5 / h['eta']!, square(moved)) };
};

export const regularizers: readonly Regularizer[] = [
  { kind: 'regularizer', name: 'none', parameters: {}, weights: none, bias: none },
  {
    kind: 'regularizer',
    name: 'proximal',
    parameters: {
      eta: { exclusiveMinimum: 0, description: 'η: the larger, the further the weights may move.' },
    },
    weights: proximalTerm,
    bias: proximalTerm,
  },
  {
    // ½λ‖W‖², not on the bias.
    kind: 'regularizer',
    name: 'l2',
    parameters: { lambda: { minimum: 0, description: 'λ: strength of the pull towards zero.' } },
    weights: ({ parameter }, h) => ({
      gradient: multiply(h['lambda']!, parameter),
      value: multiply(h['lambda']! / 2, square(parameter)),
    }),
    bias: none,
  },
];
