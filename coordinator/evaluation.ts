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
  let right = 0;
  for (const indices of batchesInOrder(count, batchSize)) {
    await onOutputs(trained, inputBatch(dataset, indices), async (last) => {
      const labels = await engine.upload(labelBatch(dataset, indices, targets));
      const batch = await batchError(engine, network, last, labels);
      loss += batch.loss * indices.length;
      squaredError += batch.meanSquaredError * indices.length;
      engine.release([labels]);
      if (targets === 'labels')
        right += countRight(await engine.download(last.output), dataset.labels!, indices);
    });
  }
  return {
    loss: loss / count,
    meanSquaredError: squaredError / count,
    accuracy: targets === 'labels' ? right / count : null,
  };
}

/** Outputs of the network for some examples, [indices, outputs]. */
export function predict(trained: TrainedNetwork, dataset: Dataset, indices: Uint32Array): Promise<Matrix> {
  return onOutputs(trained, inputBatch(dataset, indices), ({ output }) => trained.engine.download(output));
}

/** The column with the largest entry of a row. */
export function largestColumn({ columns, data }: Matrix, row: number): number {
  let best = 0;
  for (let column = 1; column < columns; column++) {
    if (data[row * columns + column]! > data[row * columns + best]!) best = column;
  }
  return best;
}

const countRight = (outputs: Matrix, labels: ArrayLike<number>, indices: Uint32Array): number =>
  indices.reduce((right, index, row) => right + (largestColumn(outputs, row) === labels[index] ? 1 : 0), 0);
