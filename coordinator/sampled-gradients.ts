import type { Matrix } from '../core/matrix.js';
import type { LabelSampling } from '../core/parts/part.js';
import { randomStream } from '../core/random.js';
import type { Engine, Tensor } from '../engine/engine.js';
import type { ParameterTensors } from '../engine/layer-tensors.js';
import { backwardGradients, sampledGradient, type Activation, type NetworkRule } from '../engine/sweep.js';

export interface SamplingStep {
  readonly engine: Engine;
  readonly network: NetworkRule;
  readonly seed: number;
  /** From 1. */
  readonly step: number;
}

/**
 * D of every layer with labels drawn from the network's own distribution, first layer first, which the caller
 * releases; none where no layer's method asks for them. The draws are a function of seed and step, example by
 * example in the order of the batch.
 *
 * @param gradient D of the last layer with the labels of the data, which stays the caller's unless this fails
 */
export async function sampledGradients(
  parameters: readonly ParameterTensors[],
  activations: readonly Activation[],
  gradient: Tensor,
  { engine, network, seed, step }: SamplingStep,
): Promise<Tensor[]> {
  const { sample } = network.loss.part;
  if (!network.layers[0]?.secondOrder?.sampled || !sample) return [];
  try {
    const noise = await engine.upload(noiseOf(sample.noise, seed, step, gradient));
    const last = await sampledGradient(engine, network, activations.at(-1)!, noise).finally(() =>
      engine.release([noise]),
    );
    return await backwardGradients(engine, network, parameters, activations, last);
  } catch (error) {
    engine.release([gradient]);
    throw error;
  }
}

function noiseOf(
  kind: LabelSampling['noise'],
  seed: number,
  step: number,
  { rows, columns }: Pick<Tensor, 'rows' | 'columns'>,
): Matrix<Float32Array> {
  const draw = randomStream(seed, 'fisher', step)[kind];
  return { rows, columns, data: Float32Array.from({ length: rows * columns }, draw) };
}
