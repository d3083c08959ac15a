import type { Dataset } from './dataset.js';
import { randomStream } from './random.js';

/** Numbers copied before a generator of this file lets its driver do something else: some ms. */
const NUMBERS_PER_STEP = 1 << 20;

/**
 * Divides examples in two by seed: which are held out for the test, which are trained on. Each
 * part keeps the order of the data, so that what is in a part depends on nothing else.
 *
 * @param testShare of the examples, 0 to 1; rounded to whole examples
 */
export function splitIndices(
  examples: number,
  testShare: number,
  seed: number,
): { train: Uint32Array; test: Uint32Array } {
  const drawn = randomStream(seed, 'split').permutation(examples);
  const testExamples = Math.round(examples * testShare);
  return { test: drawn.slice(0, testExamples).sort(), train: drawn.slice(testExamples).sort() };
}

/** The examples first, …, first + count − 1. */
export function rangeIndices(first: number, count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, index) => first + index);
}

/** The named rows of [rows, width], in a new array; yields now and then. */
function* copyRows<Data extends Uint8Array | Int32Array | Float32Array>(
  data: Data,
  width: number,
  indices: Uint32Array,
  copy: Data,
): Generator<void, Data> {
  const rowsPerStep = Math.max(1, Math.floor(NUMBERS_PER_STEP / width));
  for (let start = 0; start < indices.length; start += rowsPerStep) {
    if (start > 0) yield;
    const end = Math.min(indices.length, start + rowsPerStep);
    for (let row = start; row < end; row += 1) {
      const from = (indices[row] as number) * width;
      const to = row * width;
      for (let column = 0; column < width; column += 1) copy[to + column] = data[from + column] as number;
    }
  }
  return copy;
}

/**
 * A data set of the named examples, in that order, copied. A generator that yields every few
 * milliseconds, so that its driver can let other work run in between.
 */
export function* subset(dataset: Dataset, indices: Uint32Array): Generator<void, Dataset> {
  const { inputs, features, labels, targets } = dataset;
  const rows = indices.length;
  return {
    ...dataset,
    examples: rows,
    inputs:
      inputs instanceof Uint8Array
        ? yield* copyRows(inputs, features, indices, new Uint8Array(rows * features))
        : yield* copyRows(inputs, features, indices, new Float32Array(rows * features)),
    labels:
      labels === null
        ? null
        : labels instanceof Uint8Array
          ? yield* copyRows(labels, 1, indices, new Uint8Array(rows))
          : yield* copyRows(labels, 1, indices, new Int32Array(rows)),
    targets: targets && {
      width: targets.width,
      data: yield* copyRows(targets.data, targets.width, indices, new Float32Array(rows * targets.width)),
    },
  };
}
