import { slotInitials } from '../core/local-problem.js';
import type { LayerRule } from '../core/layer.js';
import type { Matrix } from '../core/matrix.js';
import type { LayerState } from '../core/state.js';
import type { Engine, Tensor } from './engine.js';

/** Weights [inputs, units] and bias [1, units] that an engine holds. */
export interface ParameterTensors {
  readonly weights: Tensor;
  readonly bias: Tensor;
}

/** A layer's state that an engine holds; see LayerState. */
export interface LayerTensors extends ParameterTensors {
  readonly weightSlots: Readonly<Record<string, Tensor>>;
  readonly biasSlots: Readonly<Record<string, Tensor>>;
  readonly factors?: Readonly<Record<string, Tensor>>;
  readonly updates: number;
}

const filled = (rows: number, columns: number, value: number): Matrix => ({
  rows,
  columns,
  data: new Float64Array(rows * columns).fill(value),
});

/** The slots, and factors, of a layer that has not been trained yet. */
export function freshSlots(rule: LayerRule): Pick<LayerState, 'weightSlots' | 'biasSlots' | 'factors'> {
  const initials = Object.entries(slotInitials(rule));
  const slots = (rows: number): Record<string, Matrix> =>
    Object.fromEntries(initials.map(([slot, value]) => [slot, filled(rows, rule.units, value)]));
  const own = { weightSlots: slots(rule.inputs), biasSlots: slots(1) };
  if (!rule.secondOrder) return own;
  const shapes = Object.entries(rule.secondOrder.factors(rule));
  const factors = shapes.map(([name, [rows, columns]]) => [name, filled(rows, columns, 0)] as const);
  return { ...own, factors: Object.fromEntries(factors) };
}

/** All tensors of a layer, for releasing them. */
export const layerTensors = ({
  weights,
  bias,
  weightSlots,
  biasSlots,
  factors = {},
}: LayerTensors): Tensor[] => [
  weights,
  bias,
  ...Object.values(weightSlots),
  ...Object.values(biasSlots),
  ...Object.values(factors),
];

async function mapValues<From, To>(
  record: Readonly<Record<string, From>>,
  map: (value: From) => Promise<To>,
): Promise<Record<string, To>> {
  const entries = Object.entries(record).map(async ([name, value]) => [name, await map(value)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

/** Hands a layer's state to the engine, which takes the matrices over as `Engine.upload` does. */
export async function uploadLayer(engine: Engine, state: LayerState): Promise<LayerTensors> {
  const upload = (matrix: Matrix): Promise<Tensor> => engine.upload(matrix);
  const [weights, bias, weightSlots, biasSlots, factors] = await Promise.all([
    upload(state.weights),
    upload(state.bias),
    mapValues(state.weightSlots, upload),
    mapValues(state.biasSlots, upload),
    state.factors && mapValues(state.factors, upload),
  ]);
  return { weights, bias, weightSlots, biasSlots, ...(factors && { factors }), updates: state.updates };
}

/** A copy of a layer's state, in the engine's precision. */
export async function downloadLayer(engine: Engine, tensors: LayerTensors): Promise<LayerState> {
  const download = (tensor: Tensor): Promise<Matrix> => engine.download(tensor);
  const [weights, bias, weightSlots, biasSlots, factors] = await Promise.all([
    download(tensors.weights),
    download(tensors.bias),
    mapValues(tensors.weightSlots, download),
    mapValues(tensors.biasSlots, download),
    tensors.factors && mapValues(tensors.factors, download),
  ]);
  return { weights, bias, weightSlots, biasSlots, ...(factors && { factors }), updates: tensors.updates };
}
