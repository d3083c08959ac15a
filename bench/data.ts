import type { Dataset } from '../core/dataset.js';
import type { Matrix } from '../core/matrix.js';
import { randomStream } from '../core/random.js';

const SEED = 1;

/** Uniform numbers from −limit to limit, a function of the name. */
export function uniformMatrix(
  name: string,
  rows: number,
  columns: number,
  limit: number,
): Matrix<Float32Array> {
  const stream = randomStream(SEED, 'bench', name);
  const data = Float32Array.from({ length: rows * columns }, () => stream.uniformBetween(-limit, limit));
  return { rows, columns, data };
}

/** Examples as MNIST has them: a byte a pixel. */
export function syntheticPictures(examples: number, features: number): Dataset {
  const stream = randomStream(SEED, 'bench', 'pictures');
  return {
    name: 'synthetic pictures',
    examples,
    features,
    inputs: Uint8Array.from({ length: examples * features }, () => 256 * stream.uniform()),
    scale: 1 / 255,
    labels: null,
    classes: null,
    targets: null,
    image: null,
  };
}
