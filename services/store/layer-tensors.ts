import type { Matrix } from '../../core/matrix.js';
import type { LayerState } from '../../core/state.js';
import type { SafeTensor } from '../safetensors/tensor.js';

/** A layer's parameters and slots, as they stand in a file. */
export type LayerTensors = Omit<LayerState, 'updates'>;

/**
 * The tensors of a network by name: `layers.0.weights` [inputs, units], `layers.0.bias` [units],
 * `layers.0.weightSlots.<slot>`, `layers.0.biasSlots.<slot>` of the same shapes, and so on; with a
 * second-order method `layers.0.factors.<factor>`, each a matrix. {@link meansOf} adds to them.
 */
export function tensorsOf(layers: readonly LayerTensors[]): Record<string, SafeTensor> {
  const named: [string, SafeTensor][] = [];
  for (const [i, { weights, bias, weightSlots, biasSlots, factors = {} }] of layers.entries()) {
    const prefix = `layers.${i}`;
    named.push([`${prefix}.weights`, asMatrix(weights)], [`${prefix}.bias`, asVector(bias)]);
    for (const [slot, matrix] of Object.entries(weightSlots)) {
      named.push([`${prefix}.weightSlots.${slot}`, asMatrix(matrix)]);
    }
    for (const [slot, matrix] of Object.entries(biasSlots)) {
      named.push([`${prefix}.biasSlots.${slot}`, asVector(matrix)]);
    }
    for (const [factor, matrix] of Object.entries(factors)) {
      named.push([`${prefix}.factors.${factor}`, asMatrix(matrix)]);
    }
  }
  return Object.fromEntries(named);
}

/** The tensors `layers.0.gradientMean` [batch, units] of the layers that have one. */
export const meansOf = (means: readonly (Matrix | null)[]): Record<string, SafeTensor> =>
  Object.fromEntries(
    means.flatMap((mean, layer) => (mean ? [[`layers.${layer}.gradientMean`, asMatrix(mean)]] : [])),
  );

/** What {@link meansOf} wrote of so many layers; undefined where no layer has a mean. */
export function readMeans(
  tensors: ReadonlyMap<string, SafeTensor>,
  layers: readonly LayerTensors[],
): (Matrix | null)[] | undefined {
  const means = layers.map(({ weights }, layer) => {
    const name = `layers.${layer}.gradientMean`;
    const tensor = tensors.get(name);
    return tensor ? toMatrix(name, tensor, tensor.shape[0] ?? 0, weights.columns) : null;
  });
  return means.every((mean) => mean === null) ? undefined : means;
}

const asMatrix = ({ rows, columns, data }: Matrix): SafeTensor => ({ shape: [rows, columns], data });
const asVector = ({ data }: Matrix): SafeTensor => ({ shape: [data.length], data });

/**
 * The layers that tensors of {@link tensorsOf} describe; other names are passed over.
 *
 * @throws Error saying which tensor is missing or has a shape that does not fit its layer
 */
export function layersOf(tensors: ReadonlyMap<string, SafeTensor>): LayerTensors[] {
  const layers = new Map<string, Map<string, SafeTensor>>();
  for (const [name, tensor] of tensors) {
    const [, layer, part] = /^(layers\.\d+)\.(.+)$/s.exec(name) ?? [];
    if (layer === undefined || part === undefined) continue;
    const parts = layers.get(layer) ?? new Map<string, SafeTensor>();
    layers.set(layer, parts.set(part, tensor));
  }
  if (layers.size === 0) throw new Error('it has no tensor layers.0.weights');
  return Array.from({ length: layers.size }, (_, i) => layerOf(`layers.${i}`, layers.get(`layers.${i}`)));
}

function layerOf(layer: string, parts: ReadonlyMap<string, SafeTensor> = new Map()): LayerTensors {
  const tensor = (part: string): SafeTensor => {
    const found = parts.get(part);
    if (!found) throw new Error(`it has no tensor ${layer}.${part}`);
    return found;
  };
  const [inputs = 0, units = 0] = tensor('weights').shape;
  const matrix = (part: string, rows: number): Matrix =>
    toMatrix(`${layer}.${part}`, tensor(part), rows, units);
  const all = (prefix: string, take: (part: string) => Matrix): Record<string, Matrix> => {
    const names = [...parts.keys()].filter((part) => part.startsWith(prefix));
    return Object.fromEntries(names.map((part) => [part.slice(prefix.length), take(part)]));
  };
  const factors = all('factors.', (part) => {
    const { shape } = tensor(part);
    return toMatrix(`${layer}.${part}`, tensor(part), shape[0] ?? 0, shape[1] ?? 0);
  });
  return {
    weights: matrix('weights', inputs),
    bias: matrix('bias', 1),
    weightSlots: all('weightSlots.', (part) => matrix(part, inputs)),
    biasSlots: all('biasSlots.', (part) => matrix(part, 1)),
    ...(Object.keys(factors).length > 0 && { factors }),
  };
}

/** A tensor as a matrix of the given shape; a vector is a matrix of one row. */
function toMatrix(name: string, { shape, data }: SafeTensor, rows: number, columns: number): Matrix {
  const [height, width, ...others] = shape.length === 1 ? [1, ...shape] : shape;
  if (height !== rows || width !== columns || others.length > 0) {
    throw new Error(`its tensor ${name} has the shape [${shape.join(', ')}], not [${rows}, ${columns}]`);
  }
  return { rows, columns, data };
}
