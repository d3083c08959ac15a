import {
  add,
  divide,
  input,
  matmul,
  multiply,
  scalar,
  square,
  subtract,
  sum,
  transpose,
} from './expression/expression.js';
import type { Routine } from './expression/routine.js';
import { activate } from './layer.js';
import type { Chosen, LocalLoss, NetworkLoss, TargetRule, TransferFunction } from './parts/part.js';

/*
 * The forward pass and the backward sweep, a layer at a time. Matrices: inputs X [examples, inputs],
 * weights W [inputs, units], bias b [1, units], preactivation A, output Y and gradient D
 * [examples, units]. The scalar `examples` is the number of examples in the batch.
 */

const examples = scalar('examples');

/** A = XW + b and Y = f(A). */
export function forwardRoutine(transfer: Chosen<TransferFunction>): Routine {
  const a = add(matmul(input('inputs'), input('weights')), input('bias'));
  const { y } = activate(transfer, a);
  return {
    name: `forward ${transfer.part.name}`,
    setup: { preactivation: a, output: y },
    outputs: ['preactivation', 'output'],
  };
}

/** The loss L, the mean over the examples of the sum over outputs, and its gradient D_M = ∂L/∂A_M. */
export function lossRoutine(loss: Chosen<NetworkLoss>, transfer: Chosen<TransferFunction>): Routine {
  const a = input('preactivation');
  const y = input('output');
  const pullback = (d: typeof a): typeof a => transfer.part.pullback(d, a, y, transfer.h);
  const context = { a, y, labels: input('labels'), pullback };
  return {
    name: `loss ${loss.part.name}`,
    setup: {
      loss: divide(sum(loss.part.value(context, loss.h), 'all'), examples),
      gradient: divide(loss.part.gradient(context, loss.h), examples),
    },
    outputs: ['gradient'],
    numbers: ['loss'],
  };
}

/** D_M of labels drawn from the network's own distribution. Inputs besides: noise [examples, outputs]. */
export function sampledGradientRoutine(
  loss: Chosen<NetworkLoss>,
  transfer: Chosen<TransferFunction>,
): Routine {
  const [a, y] = [input('preactivation'), input('output')];
  const { sample } = loss.part;
  if (!sample) throw new TypeError(`the loss ${loss.part.name} has no distribution`);
  const pullback = (d: typeof a): typeof a => transfer.part.pullback(d, a, y, transfer.h);
  const labels = sample.labels({ a, y, noise: input('noise') }, loss.h);
  return {
    name: `sampled ${loss.part.name}`,
    setup: { gradient: divide(loss.part.gradient({ a, y, labels, pullback }, loss.h), examples) },
    outputs: ['gradient'],
  };
}

/** The loss, and the mean over examples and outputs of (Y − labels)². */
export function evaluationRoutine(loss: Chosen<NetworkLoss>, transfer: Chosen<TransferFunction>): Routine {
  const { setup } = lossRoutine(loss, transfer);
  const squared = sum(square(subtract(input('output'), input('labels'))), 'all');
  return {
    name: `evaluation ${loss.part.name}`,
    setup: { loss: setup['loss']!, meanSquaredError: divide(squared, multiply(examples, scalar('outputs'))) },
    outputs: [],
    numbers: ['loss', 'meanSquaredError'],
  };
}

/** D_i = (D_{i+1} W_{i+1}ᵀ) ∘ f_i'(A_i), from the gradient and weights of the layer above. */
export function backwardRoutine(transfer: Chosen<TransferFunction>): Routine {
  const toOutput = matmul(input('gradientAbove'), transpose(input('weightsAbove')));
  const { part, h } = transfer;
  return {
    name: `backward ${part.name}`,
    setup: { gradient: part.pullback(toOutput, input('preactivation'), input('output'), h) },
    outputs: ['gradient'],
  };
}

/** R⁰_i, the output less the target, from D_i. */
export function displacementRoutine(target: Chosen<TargetRule>, localLoss: LocalLoss): Routine {
  const [a, y] = [input('preactivation'), input('output')];
  const context = {
    a,
    y,
    output: localLoss.output === 'preactivation' ? a : y,
    gradient: input('gradient'),
    examples,
  };
  return {
    name: `displacement ${target.part.name}`,
    setup: { displacement: target.part.displacement(context, target.h) },
    outputs: ['displacement'],
  };
}
