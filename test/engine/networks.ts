import type { Chosen, NetworkLoss } from '#core/parts/part.js';
import type { Engine, Tensor } from '#engine/engine.js';
import { downloadLayer, layerTensors, uploadLayer, type LayerTensors } from '#engine/layer-tensors.js';
import type { LayerRule } from '#core/layer.js';
import type { LayerState } from '#core/state.js';
import { solveLayer } from '#engine/solve.js';
import {
  backwardSweep,
  forwardPass,
  lossGradient,
  releaseActivations,
  type NetworkRule,
} from '#engine/sweep.js';
import { copyOf, randomMatrix, randomState } from './support.js';

export const networkOf = (loss: Chosen<NetworkLoss>, layers: readonly LayerRule[]): NetworkRule => ({
  loss,
  layers,
});

export interface Batch {
  readonly inputs: Tensor;
  readonly labels: Tensor;
}

/** Uploads random inputs and, as labels, a random linear function of them squashed to 0 to 1. */
export async function randomBatch(
  engine: Engine,
  seed: number,
  examples: number,
  { layers }: NetworkRule,
): Promise<Batch> {
  const [first, last] = [layers[0]!, layers.at(-1)!];
  const inputs = randomMatrix(seed, 'inputs', examples, first.inputs);
  const labels = randomMatrix(seed, 'labels', examples, last.units).data.map((_, index) => {
    const [row, column] = [Math.floor(index / last.units), index % last.units];
    return 1 / (1 + Math.exp(-2 * inputs.data[row * first.inputs + (column % first.inputs)]!));
  });
  return {
    inputs: await engine.upload(copyOf(inputs)),
    labels: await engine.upload({ rows: examples, columns: last.units, data: labels }),
  };
}

/** One step: the loss before it, and the layers' new states; the old ones are released. */
export async function takeStep(
  engine: Engine,
  network: NetworkRule,
  states: LayerTensors[],
  batch: Batch,
): Promise<number> {
  const activations = await forwardPass(engine, network.layers, (layer) => states[layer]!, batch.inputs);
  const { loss, gradient } = await lossGradient(engine, network, activations.at(-1)!, batch.labels);
  const old = [...states];
  for await (const problem of backwardSweep(engine, network, old, activations, gradient)) {
    const { layer, displacement } = problem;
    const settings = { rateFactor: 1, objective: true };
    const solution = await solveLayer(engine, network.layers[layer]!, problem, old[layer]!, settings);
    states[layer] = solution.state;
    engine.release([displacement]);
  }
  releaseActivations(engine, activations);
  engine.release(old.flatMap(layerTensors));
  return loss;
}

export async function uploadStates(
  engine: Engine,
  seed: number,
  { layers }: NetworkRule,
): Promise<LayerTensors[]> {
  const states: LayerTensors[] = [];
  for (const [index, rule] of layers.entries()) {
    states.push(await uploadLayer(engine, randomState(seed + index, rule)));
  }
  return states;
}

/** Trains on one batch; returns the losses before each step and the final states. Everything is released. */
export async function train(
  engine: Engine,
  network: NetworkRule,
  { seed, examples, steps }: { seed: number; examples: number; steps: number },
): Promise<{ losses: number[]; states: LayerState[] }> {
  const states = await uploadStates(engine, seed, network);
  const batch = await randomBatch(engine, seed, examples, network);
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) losses.push(await takeStep(engine, network, states, batch));
  const results: LayerState[] = [];
  for (const state of states) results.push(await downloadLayer(engine, state));
  engine.release([...states.flatMap(layerTensors), batch.inputs, batch.labels]);
  return { losses, states: results };
}
