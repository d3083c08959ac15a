import type { LayerRule } from '../core/layer.js';
import type { Chosen, LocalLoss, NetworkLoss, TargetRule, TransferFunction } from '../core/parts/part.js';
import {
  backwardRoutine,
  displacementRoutine,
  forwardRoutine,
  lossRoutine,
  sampledGradientRoutine,
  evaluationRoutine,
} from '../core/sweep.js';
import type { Engine, Tensor } from './engine.js';
import type { ParameterTensors } from './layer-tensors.js';
import { memoized } from './memo.js';
import type { LocalProblem } from './solve.js';

/** How a network computes and learns. */
export interface NetworkRule {
  readonly layers: readonly LayerRule[];
  readonly loss: Chosen<NetworkLoss>;
}

/** What a layer computed in the forward pass. */
export interface Activation {
  readonly inputs: Tensor; // X [examples, inputs], the output of the layer below
  readonly preactivation: Tensor; // A [examples, units]
  readonly output: Tensor; // Y [examples, units]
}

type Transfer = Chosen<TransferFunction>;

const forwardOf = memoized(forwardRoutine);
const backwardOf = memoized(backwardRoutine);
const lossOf = memoized((loss: Chosen<NetworkLoss>) => memoized((last: Transfer) => lossRoutine(loss, last)));
const evaluationOf = memoized((loss: Chosen<NetworkLoss>) =>
  memoized((last: Transfer) => evaluationRoutine(loss, last)),
);
const sampledOf = memoized((loss: Chosen<NetworkLoss>) =>
  memoized((last: Transfer) => sampledGradientRoutine(loss, last)),
);
const displacementOf = memoized((target: Chosen<TargetRule>) =>
  memoized((loss: LocalLoss) => displacementRoutine(target, loss)),
);

/** One layer of the forward pass; the caller releases `preactivation` and `output`. */
export async function forwardLayer(
  engine: Engine,
  rule: LayerRule,
  { weights, bias }: ParameterTensors,
  inputs: Tensor,
): Promise<Activation> {
  const { tensors } = await engine.run({
    routine: forwardOf(rule.transfer),
    inputs: { inputs, weights, bias },
  });
  return { inputs, preactivation: tensors['preactivation']!, output: tensors['output']! };
}

/**
 * The forward pass, first layer first. The caller releases the activations with `releaseActivations`.
 *
 * @param parameters of a layer; it is entered as soon as they are there
 * @param inputs X of the first layer [examples, inputs]
 */
export async function forwardPass(
  engine: Engine,
  rules: readonly LayerRule[],
  parameters: (layer: number) => ParameterTensors | Promise<ParameterTensors>,
  inputs: Tensor,
): Promise<Activation[]> {
  const activations: Activation[] = [];
  let below = inputs;
  try {
    for (const [layer, rule] of rules.entries()) {
      const activation = await forwardLayer(engine, rule, await parameters(layer), below);
      activations.push(activation);
      below = activation.output;
    }
  } catch (error) {
    releaseActivations(engine, activations);
    throw error;
  }
  return activations;
}

/** Releases all that a forward pass made; the first layer's inputs stay. */
export function releaseActivations(engine: Engine, activations: readonly Activation[]): void {
  engine.release(activations.flatMap(({ preactivation, output }) => [preactivation, output]));
}

const lossCall = ({ preactivation, output }: Activation, labels: Tensor) => ({
  inputs: { preactivation, output, labels },
  scalars: { examples: labels.rows, outputs: labels.columns },
});

const lastTransfer = ({ layers }: NetworkRule): Transfer => layers.at(-1)!.transfer;

/** How far a batch's outputs are from its labels: the loss, a mean over the examples, and the mean squared error. */
export async function batchError(
  engine: Engine,
  network: NetworkRule,
  last: Activation,
  labels: Tensor,
): Promise<{ readonly loss: number; readonly meanSquaredError: number }> {
  const routine = evaluationOf(network.loss)(lastTransfer(network));
  const { numbers } = await engine.run({ routine, ...lossCall(last, labels) });
  return { loss: numbers['loss']!, meanSquaredError: numbers['meanSquaredError']! };
}

/** The loss of a batch and D of the last layer [examples, units], which the caller releases. */
export async function lossGradient(
  engine: Engine,
  network: NetworkRule,
  last: Activation,
  labels: Tensor,
): Promise<{ readonly loss: number; readonly gradient: Tensor }> {
  const routine = lossOf(network.loss)(lastTransfer(network));
  const { numbers, tensors } = await engine.run({ routine, ...lossCall(last, labels) });
  return { loss: numbers['loss']!, gradient: tensors['gradient']! };
}

/**
 * D of the last layer with labels drawn from the network's own distribution, which the caller releases.
 * @param noise [examples, outputs], of the distribution that the loss asks for
 */
export async function sampledGradient(
  engine: Engine,
  network: NetworkRule,
  { preactivation, output }: Activation,
  noise: Tensor,
): Promise<Tensor> {
  const { tensors } = await engine.run({
    routine: sampledOf(network.loss)(lastTransfer(network)),
    inputs: { preactivation, output, noise },
    scalars: { examples: noise.rows },
  });
  return tensors['gradient']!;
}

/** A layer's local problem as the backward sweep gives it. */
export interface SweptProblem extends Required<LocalProblem> {
  /** The layer's number, from 0. */
  readonly layer: number;
}

/**
 * The local problems of a step, last layer first, each as soon as its gradient exists. The activations
 * and the parameters stay the caller's; each problem's displacement becomes the caller's, who may need
 * it again long after the sweep, should a solve have to be repeated. The gradient is taken over.
 *
 * @param gradient D of the last layer [examples, units]
 * @param targetGradient what a layer's target is made of, given D; the sweep releases D alone
 */
export async function* backwardSweep(
  engine: Engine,
  { layers }: NetworkRule,
  parameters: readonly ParameterTensors[],
  activations: readonly Activation[],
  gradient: Tensor,
  targetGradient = (_layer: number, own: Tensor): Promise<Tensor> => Promise.resolve(own),
): AsyncGenerator<SweptProblem, void> {
  let own = gradient;
  try {
    for (let layer = layers.length - 1; layer >= 0; layer--) {
      const { inputs, preactivation } = activations[layer]!;
      const towards = await targetGradient(layer, own);
      const displacement = await displacementFrom(engine, layers[layer]!, activations[layer]!, towards);
      yield { layer, inputs, displacement, preactivation };
      if (layer === 0) continue;
      const below = await gradientBelow(engine, layers, parameters, activations, layer, own);
      engine.release([own]);
      own = below;
    }
  } finally {
    engine.release([own]);
  }
}

/**
 * D of every layer, first layer first, which the caller releases.
 * @param gradient that of the last layer; it is taken over, and is the last one of the result
 */
export async function backwardGradients(
  engine: Engine,
  { layers }: NetworkRule,
  parameters: readonly ParameterTensors[],
  activations: readonly Activation[],
  gradient: Tensor,
): Promise<Tensor[]> {
  const gradients = [gradient];
  try {
    for (let layer = layers.length - 1; layer > 0; layer--) {
      gradients.unshift(await gradientBelow(engine, layers, parameters, activations, layer, gradients[0]!));
    }
    return gradients;
  } catch (error) {
    engine.release(gradients);
    throw error;
  }
}

/** D of the layer below `layer`, whose own D is given. */
async function gradientBelow(
  engine: Engine,
  layers: readonly LayerRule[],
  parameters: readonly ParameterTensors[],
  activations: readonly Activation[],
  layer: number,
  own: Tensor,
): Promise<Tensor> {
  const { preactivation, output } = activations[layer - 1]!;
  const { tensors } = await engine.run({
    routine: backwardOf(layers[layer - 1]!.transfer),
    inputs: { gradientAbove: own, weightsAbove: parameters[layer]!.weights, preactivation, output },
  });
  return tensors['gradient']!;
}

/** R⁰ of a layer, from its gradient D. */
async function displacementFrom(
  engine: Engine,
  rule: LayerRule,
  { preactivation, output }: Activation,
  gradient: Tensor,
): Promise<Tensor> {
  const { tensors } = await engine.run({
    routine: displacementOf(rule.target)(rule.localLoss.part),
    inputs: { preactivation, output, gradient },
    scalars: { examples: gradient.rows },
  });
  return tensors['displacement']!;
}
