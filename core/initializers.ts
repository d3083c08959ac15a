import type { Matrix } from './matrix.js';
import { randomStream, type RandomStream } from './random.js';

export type WeightInitializer =
  'glorot_uniform' | 'glorot_normal' | 'he_uniform' | 'he_normal' | 'lecun_uniform' | 'lecun_normal';

/** notebook: uniform, as glorot_uniform draws a vector whose fans are both its length. */
export type BiasInitializer = 'notebook' | 'zero';

/**
 * The variance of a weight: 2/(fan_in + fan_out) (Glorot and Bengio, 2010, eq. 16), 2/fan_in (He et
 * al., 2015, eq. 10) or 1/fan_in (LeCun et al., 1998, section 4.6).
 */
function variance(initializer: WeightInitializer, inputs: number, units: number): number {
  if (initializer.startsWith('glorot')) return 2 / (inputs + units);
  return initializer.startsWith('he') ? 2 / inputs : 1 / inputs;
}

const fill = (count: number, draw: () => number): Float32Array => Float32Array.from({ length: count }, draw);

const uniform = (stream: RandomStream, limit: number) => (): number => stream.uniformBetween(-limit, limit);

/** Initial weights [inputs, units] of layer `layer`, from 0; a uniform one has limit √(3·variance). */
export function initialWeights(
  initializer: WeightInitializer,
  { seed, layer, inputs, units }: { seed: number; layer: number; inputs: number; units: number },
): Matrix<Float32Array> {
  const stream = randomStream(seed, 'weights', layer);
  const spread = Math.sqrt(variance(initializer, inputs, units));
  const draw = initializer.endsWith('uniform')
    ? uniform(stream, Math.sqrt(3) * spread)
    : (): number => spread * stream.normal();
  return { rows: inputs, columns: units, data: fill(inputs * units, draw) };
}

/** Initial bias [1, units] of layer `layer`, from 0; notebook has the limit √(6/(2·units)). */
export function initialBias(
  initializer: BiasInitializer,
  { seed, layer, units }: { seed: number; layer: number; units: number },
): Matrix<Float32Array> {
  const stream = randomStream(seed, 'bias', layer);
  const draw = initializer === 'zero' ? (): number => 0 : uniform(stream, Math.sqrt(3 / units));
  return { rows: 1, columns: units, data: fill(units, draw) };
}
