import type { LayerState } from '../core/state.js';
import type { Engine, Tensor } from '../engine/engine.js';
import type { ParameterTensors } from '../engine/layer-tensors.js';

type Parameters = Pick<LayerState, 'weights' | 'bias'>;

/** Hands weights and biases to an engine, which takes the matrices over as `Engine.upload` does. */
export async function uploadParameters(
  engine: Engine,
  layers: readonly Parameters[],
): Promise<ParameterTensors[]> {
  const uploaded: ParameterTensors[] = [];
  for (const { weights, bias } of layers) {
    uploaded.push({ weights: await engine.upload(weights), bias: await engine.upload(bias) });
  }
  return uploaded;
}

/** All tensors of a network's parameters, for releasing them. */
export const parameterTensors = (parameters: readonly ParameterTensors[]): Tensor[] =>
  parameters.flatMap(({ weights, bias }) => [weights, bias]);
