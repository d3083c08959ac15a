import { batchesInOrder, inputBatch, labelBatch } from '../core/batches.js';
import type { Dataset, TargetKind } from '../core/dataset.js';
import type { Matrix } from '../core/matrix.js';
import type { Engine } from '../engine/engine.js';
import type { ParameterTensors } from '../engine/layer-tensors.js';
import {
  batchError,
  forwardPass,
  releaseActivations,
  type Activation,
  type NetworkRule,
} from '../engine/sweep.js';
import type { ClassCounts } from '../core/events.js';
import { ConfusionTally } from './confusion.js';

/** A network with its weights on an engine. */
export interface TrainedNetwork {
  readonly engine: Engine;
  readonly network: NetworkRule;
  /** First layer first. */
  readonly parameters: readonly ParameterTensors[];
}

export interface Evaluation {
  /** Mean over the examples. */
  readonly loss: number;
  /** Mean over examples and outputs. */
  readonly meanSquaredError: number;
  /** Share of right classes; null unless the targets are labels. */
  readonly accuracy: number | null;
  /** How a classifier has sorted the examples; null as `accuracy` is, and where classes are many. */
  readonly confusion: ClassCounts | null;
}

export interface EvaluationOptions {
  readonly targets: TargetKind;
  readonly batchSize: number;
  /** Only the first so many; null for all. */
  readonly examples: number | null;
}

/** Runs the network on some examples and hands the last layer's activation to `use`. */
async function onOutputs<Result>(
  { engine, network, parameters }: TrainedNetwork,
  inputs: Matrix,
  use: (last: Activation) => Promise<Result>,
): Promise<Result> {
  const uploaded = await engine.upload(inputs);
  const activations = await forwardPass(engine, network.layers, (layer) => parameters[layer]!, uploaded);
  try {
    return await use(activations.at(-1)!);
  } finally {
    releaseActivations(engine, activations);
    engine.release([uploaded]);
  }
}

/** The network's loss and error, and accuracy for a classifier, on a data set. */
export async function evaluate(
  trained: TrainedNetwork,
  dataset: Dataset,
  { targets, batchSize, examples }: EvaluationOptions,
): Promise<Evaluation> {
  const { engine, network } = trained;
  const count = Math.min(examples ?? dataset.examples, dataset.examples);
  let loss = 0;
  let squaredError = 0;
  const tally = targets === 'labels' ? new ConfusionTally(network.layers.at(-1)!.units) : null;
  for (const indices of batchesInOrder(count, batchSize)) {
    await onOutputs(trained, inputBatch(dataset, indices), async (last) => {
      const labels = await engine.upload(labelBatch(dataset, indices, targets));
      const batch = await batchError(engine, network, last, labels);
      loss += batch.loss * indices.length;
      squaredError += batch.meanSquaredError * indices.length;
      engine.release([labels]);
      if (tally) tally.add(await engine.download(last.output), dataset.labels!, indices);
    });
  }
  return {
    loss: loss / count,
    meanSquaredError: squaredError / count,
    accuracy: tally && tally.right / count,
    confusion: tally && tally.counts,
  };
}

/** Outputs of the network for some examples, [indices, outputs]. */
export function predict(trained: TrainedNetwork, dataset: Dataset, indices: Uint32Array): Promise<Matrix> {
  return onOutputs(trained, inputBatch(dataset, indices), ({ output }) => trained.engine.download(output));
}
