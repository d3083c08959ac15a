import type { Dataset } from '../../core/dataset.js';
import { LocopropError } from '../../core/errors/error.js';
import type { ExampleArrays } from './columns.js';
import type { NumericArray } from './numeric.js';

/** Up to here a 32-bit float holds every integer. */
const LARGEST_LABEL = 2 ** 24;

const widthOf = ({ shape }: NumericArray): number =>
  shape.slice(1).reduce((product, size) => product * size, 1);

/** Width and height where each example is a picture of one channel: [n, h, w] or [n, h, w, 1]. */
function imageOf({ shape }: NumericArray): Dataset['image'] {
  const [, height, width, channels = 1] = shape;
  const isImage = height !== undefined && width !== undefined && channels === 1 && shape.length <= 4;
  return isImage ? { width, height } : null;
}

function requireSameCount(inputs: NumericArray, other: NumericArray, kind: 'labels' | 'targets'): void {
  const [count = 0] = inputs.shape;
  const [others = 0] = other.shape;
  if (count === others) return;
  const files = { inputsFile: inputs.file, otherFile: other.file };
  throw new LocopropError('DATA_COUNTS_DIFFER', { ...files, inputs: count, others, kind });
}

/** The labels as integers, and how many classes there are. */
function readLabels(
  array: NumericArray,
  declared: number | undefined,
): { labels: Uint8Array | Int32Array; classes: number } {
  const { file, data, shape } = array;
  if (widthOf(array) !== 1) {
    const reason = `labels of the shape ${shape.join(' × ')} are not one for each example`;
    throw new LocopropError('DATA_SOURCE_INVALID', { file, reason });
  }
  const limit = Math.min(declared ?? Infinity, LARGEST_LABEL + 1);
  let classes = declared ?? 0;
  for (let example = 0; example < data.length; example += 1) {
    const value = data[example] as number;
    if (!(Number.isInteger(value) && value >= 0 && value < limit)) {
      const allowed = `it must be an integer from 0 to ${limit - 1}`;
      throw new LocopropError('DATA_LABEL_INVALID', { file, example, value, allowed });
    }
    if (value >= classes) classes = value + 1;
  }
  return { labels: data instanceof Uint8Array ? data : new Int32Array(data), classes };
}

/**
 * Makes a data set of the arrays of a file.
 *
 * @throws LocopropError DATA_COUNTS_DIFFER, DATA_LABEL_INVALID, DATA_SOURCE_INVALID
 */
export function assembleDataset(
  name: string,
  { inputs, labels, targets }: ExampleArrays,
  { scale, classes }: { readonly scale?: number | undefined; readonly classes?: number | undefined },
): Dataset {
  if (labels !== null) requireSameCount(inputs, labels, 'labels');
  if (targets !== null) requireSameCount(inputs, targets, 'targets');
  return {
    name,
    examples: inputs.shape[0] ?? 0,
    features: widthOf(inputs),
    inputs: inputs.data,
    scale: scale ?? (inputs.data instanceof Uint8Array ? 1 / 255 : 1),
    ...(labels === null ? { labels: null, classes: null } : readLabels(labels, classes)),
    targets: targets && { width: widthOf(targets), data: new Float32Array(targets.data) },
    image: imageOf(inputs),
  };
}
