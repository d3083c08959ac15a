import type { Dataset, TargetKind } from './dataset.js';
import { LocopropError } from './errors/error.js';
import type { Matrix } from './matrix.js';
import { randomStream } from './random.js';

/** The examples of an epoch, from 0, in the order of training. */
export function epochOrder(seed: number, epoch: number, examples: number): Uint32Array {
  return randomStream(seed, 'shuffle', epoch).permutation(examples);
}

/** Examples of a batch: as many as asked for, where there are so many. */
export const batchSizeOf = (
  { batchSize }: { readonly batchSize: number },
  { examples }: Pick<Dataset, 'examples'>,
): number => Math.min(batchSize, examples);

/**
 * Steps of an epoch. All batches are full, so that every solve has one shape: the examples that are
 * left over at the end of an epoch's order wait for the next epoch's. Data smaller than one batch
 * are one batch.
 */
export function batchesPerEpoch(examples: number, batchSize: number): number {
  return Math.max(1, Math.floor(examples / batchSize));
}

/** The examples of batch `batch`, from 0, of an epoch's order: a view of it. */
export function batchIndices(order: Uint32Array, batchSize: number, batch: number): Uint32Array {
  return order.subarray(batch * batchSize, (batch + 1) * batchSize);
}

/** Every example once, in the order of the data; the last batch may be smaller. For evaluation. */
export function* batchesInOrder(examples: number, batchSize: number): Generator<Uint32Array, void> {
  for (let start = 0; start < examples; start += batchSize) {
    const length = Math.min(batchSize, examples - start);
    yield Uint32Array.from({ length }, (_, index) => start + index);
  }
}

/** The scaled inputs of some examples: [indices, features] in a new buffer. */
export function inputBatch(dataset: Dataset, indices: Uint32Array): Matrix<Float32Array> {
  const { inputs, features, scale } = dataset;
  const data = new Float32Array(indices.length * features);
  let next = 0;
  for (const index of indices) {
    const start = index * features;
    for (let feature = 0; feature < features; feature += 1) {
      data[next] = (inputs[start + feature] as number) * scale;
      next += 1;
    }
  }
  return { rows: indices.length, columns: features, data };
}

function oneHotBatch(
  labels: Uint8Array | Int32Array,
  classes: number,
  indices: Uint32Array,
): Matrix<Float32Array> {
  const data = new Float32Array(indices.length * classes);
  indices.forEach((index, row) => {
    data[row * classes + (labels[index] as number)] = 1;
  });
  return { rows: indices.length, columns: classes, data };
}

function targetBatch(width: number, targets: Float32Array, indices: Uint32Array): Matrix<Float32Array> {
  const data = new Float32Array(indices.length * width);
  indices.forEach((index, row) => {
    data.set(targets.subarray(index * width, (index + 1) * width), row * width);
  });
  return { rows: indices.length, columns: width, data };
}

const noTargets = (dataset: Dataset, kind: TargetKind): LocopropError =>
  new LocopropError('DATA_TARGETS_MISSING', { kind, dataset: dataset.name });

/**
 * What the outputs for some examples are compared with, [indices, width] in a new buffer: the scaled
 * inputs themselves, one-hot labels, or targets.
 *
 * @throws LocopropError DATA_TARGETS_MISSING when the data have none of that kind
 */
export function labelBatch(dataset: Dataset, indices: Uint32Array, kind: TargetKind): Matrix<Float32Array> {
  if (kind === 'inputs') return inputBatch(dataset, indices);
  if (kind === 'labels' && dataset.labels !== null && dataset.classes !== null) {
    return oneHotBatch(dataset.labels, dataset.classes, indices);
  }
  if (kind === 'targets' && dataset.targets !== null) {
    return targetBatch(dataset.targets.width, dataset.targets.data, indices);
  }
  throw noTargets(dataset, kind);
}

function targetWidth(dataset: Dataset, kind: TargetKind): number {
  const width = { inputs: dataset.features, labels: dataset.classes, targets: dataset.targets?.width }[kind];
  if (width === null || width === undefined) throw noTargets(dataset, kind);
  return width;
}

/**
 * Refuses data that do not fit a network.
 *
 * @param network numbers that it takes and gives per example
 * @throws LocopropError DATA_WIDTH_MISMATCH, or DATA_TARGETS_MISSING
 */
export function requireWidths(
  dataset: Dataset,
  kind: TargetKind,
  network: { readonly inputs: number; readonly outputs: number },
): void {
  const widths = [
    { actual: dataset.features, expected: network.inputs, kind: 'inputs', does: 'takes' },
    {
      actual: targetWidth(dataset, kind),
      expected: network.outputs,
      kind: kind === 'labels' ? 'classes' : kind,
      does: 'gives',
    },
  ];
  for (const width of widths) {
    if (width.actual !== width.expected)
      throw new LocopropError('DATA_WIDTH_MISMATCH', { dataset: dataset.name, ...width });
  }
}
