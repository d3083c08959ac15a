import { batchIndices, epochOrder, inputBatch } from '#core/batches.js';
import type { Matrix } from '#core/matrix.js';
import type { LayerState } from '#core/state.js';
import { columnSums, product, transposed, zip } from '../core/support.js';
import { smallData } from './support.js';

type Numbers = (x: number) => number;

/** f with f' as a function of y. */
const transfers: Readonly<Record<string, readonly [Numbers, Numbers]>> = {
  tanh: [Math.tanh, (y) => 1 - y * y],
  sigmoid: [(a) => 1 / (1 + Math.exp(-a)), (y) => y * (1 - y)],
};

export interface OracleSettings {
  readonly seed: number;
  readonly batchSize: number;
  /** Of each layer; the last is sigmoid, under the cross-entropy of an autoencoder. */
  readonly transfers: readonly string[];
  /** γ. */
  readonly activationRate: number;
  /** K, of sgd with the rate · max(1 − k/K, ¼). */
  readonly iterations: number;
  readonly rate: number;
  /** c; null for all layers at once. */
  readonly correction: number | null;
  readonly residualMomentum: number;
}

const map = (x: Matrix, f: Numbers): Matrix => ({ ...x, data: Float64Array.from(x.data, f) });
const minus = (x: Matrix, y: Matrix, scale = 1): Matrix => zip(x, y, (p, q) => p - scale * q);

/** LocoProp-M step by step in plain loops, for what the trainer is compared with. */
export function trainPlainly(
  start: readonly Pick<LayerState, 'weights' | 'bias'>[],
  steps: number,
  settings: OracleSettings,
): Pick<LayerState, 'weights' | 'bias'>[] {
  const data = smallData();
  const layers = start.map(({ weights, bias }) => ({ weights, bias }));
  const means: Matrix[] = [];
  const perEpoch = data.examples / settings.batchSize;
  const f = (layer: number, a: Matrix): Matrix => map(a, transfers[settings.transfers[layer]!]![0]);
  const preactivation = (layer: number, x: Matrix): Matrix =>
    zip(product(x, layers[layer]!.weights), layers[layer]!.bias, (p, q) => p + q);

  for (let step = 0; step < steps; step++) {
    const order = epochOrder(settings.seed, Math.floor(step / perEpoch), data.examples);
    const xs = [inputBatch(data, batchIndices(order, settings.batchSize, step % perEpoch))] as Matrix[];
    for (const layer of layers.keys()) xs.push(f(layer, preactivation(layer, xs[layer]!)));

    const gradients: Matrix[] = [];
    let own = map(minus(xs.at(-1)!, xs[0]!), (d) => d / settings.batchSize);
    for (let layer = layers.length - 1; layer >= 0; layer--) {
      gradients.unshift(own);
      if (layer === 0) break;
      const derivative = map(xs[layer]!, transfers[settings.transfers[layer - 1]!]![1]);
      own = zip(product(own, transposed(layers[layer]!.weights)), derivative, (p, q) => p * q);
    }

    for (const layer of layers.keys()) {
      const mu = means[layer] ? settings.residualMomentum : 0;
      const before = means[layer] ?? gradients[layer]!;
      means[layer] = zip(gradients[layer]!, before, (p, q) => (1 - mu) * p + mu * q);
      const x = xs[layer]!;
      const target = minus(f(layer, preactivation(layer, x)), means[layer], settings.activationRate);
      for (let k = 0; k < settings.iterations; k++) {
        const residual = minus(f(layer, preactivation(layer, x)), target);
        const rate = settings.rate * Math.max(1 - k / settings.iterations, 0.25);
        const { weights, bias } = layers[layer]!;
        layers[layer] = {
          weights: minus(weights, product(transposed(x), residual), rate),
          bias: minus(bias, columnSums(residual), rate),
        };
      }
      const above = xs[layer + 1]!;
      if (settings.correction === null || layer + 1 === layers.length) continue;
      const shift = minus(f(layer, preactivation(layer, x)), above);
      const norm = Math.hypot(...shift.data) + 1e-5;
      const length = Math.min(norm, settings.correction * Math.sqrt(above.columns));
      xs[layer + 1] = zip(above, shift, (p, q) => p + (length * q) / norm);
    }
  }
  return layers;
}
