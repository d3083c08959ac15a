import { defaultAnderson } from '#core/anderson.js';
import type { Bindings } from '#core/expression/expression.js';
import type { Routine } from '#core/expression/routine.js';
import type { LayerRule } from '#core/layer.js';
import type { Matrix } from '#core/matrix.js';
import type { Part } from '#core/parts/part.js';
import { Parts } from '#core/parts/registry.js';
import type { PartReference } from '#core/spec/job-spec.js';
import { randomStream } from '#core/random.js';
import type { LayerState } from '#core/state.js';
import type { Call, Engine, Tensor } from '#engine/engine.js';
import { freshSlots } from '#engine/layer-tensors.js';
import { expect } from 'vitest';

export const matrix = (rows: readonly (readonly number[])[]): Matrix<Float64Array> => ({
  rows: rows.length,
  columns: rows[0]?.length ?? 0,
  data: Float64Array.from(rows.flat()),
});

export const rowsOf = ({ rows, columns, data }: Matrix): number[][] =>
  Array.from({ length: rows }, (_, row) => [...data.subarray(row * columns, (row + 1) * columns)]);

/** Normal numbers times `spread`, a function of the seed and the name. */
export function randomMatrix(
  seed: number,
  name: string,
  rows: number,
  columns: number,
  spread = 1,
): Matrix<Float64Array> {
  const stream = randomStream(seed, name);
  const data = Float64Array.from({ length: rows * columns }, () => spread * stream.normal());
  return { rows, columns, data };
}

/** Columns start to end − 1, in a new buffer. */
export function columnsOf({ rows, columns, data }: Matrix, start: number, end: number): Matrix<Float64Array> {
  const width = end - start;
  const at = (index: number): number => data[Math.floor(index / width) * columns + start + (index % width)]!;
  return { rows, columns: width, data: Float64Array.from({ length: rows * width }, (_, index) => at(index)) };
}

export const copyOf = (given: Matrix): Matrix => ({ ...given, data: given.data.slice() });

/** Largest absolute difference ÷ largest absolute value expected. */
export function relativeDifference(actual: Matrix, expected: Matrix): number {
  expect([actual.rows, actual.columns]).toEqual([expected.rows, expected.columns]);
  const differences = expected.data.map((value, index) => Math.abs(actual.data[index]! - value));
  const size = Math.max(...expected.data.map(Math.abs));
  return Math.max(...differences) / (size === 0 ? 1 : size);
}

/** Uploads copies of named matrices. */
export async function uploadAll(
  engine: Engine,
  matrices: Readonly<Record<string, Matrix>>,
): Promise<Record<string, Tensor>> {
  const tensors: Record<string, Tensor> = {};
  for (const [name, given] of Object.entries(matrices)) tensors[name] = await engine.upload(copyOf(given));
  return tensors;
}

/** Runs a routine on matrices; everything is released. */
export async function runOn(
  engine: Engine,
  call: Omit<Call, 'inputs'> & { readonly inputs: Readonly<Record<string, Matrix>> },
): Promise<{ matrices: Record<string, Matrix>; numbers: Readonly<Record<string, number>> }> {
  const inputs = await uploadAll(engine, call.inputs);
  const { tensors, numbers } = await engine.run({ ...call, inputs });
  const matrices: Record<string, Matrix> = {};
  for (const [name, tensor] of Object.entries(tensors)) matrices[name] = await engine.download(tensor);
  engine.release([...Object.values(inputs), ...Object.values(tensors)]);
  return { matrices, numbers };
}

export const routineOf = (bindings: Bindings): Routine => ({
  name: 'test',
  setup: bindings,
  outputs: Object.keys(bindings),
});

export interface RuleChoice {
  readonly inputs: number;
  readonly units: number;
  readonly transfer?: PartReference;
  readonly target?: PartReference;
  readonly localLoss?: PartReference;
  readonly regularizer?: PartReference;
  readonly optimizer?: PartReference;
  readonly learningRate?: number;
  readonly iterations?: number;
  readonly localSchedule?: LayerRule['localSchedule'];
  readonly solver?: LayerRule['solver'];
  readonly anderson?: LayerRule['anderson'];
  readonly form?: LayerRule['form'];
}

/** A layer's rule; what is not chosen is LocoProp-M with tanh, sgd and K = 3. */
export function ruleOf(choice: RuleChoice, own: readonly Part[] = []): LayerRule {
  const parts = new Parts(own);
  const { learningRate = 0.05 } = choice;
  return {
    inputs: choice.inputs,
    units: choice.units,
    transfer: parts.choose('transfer', choice.transfer ?? { name: 'tanh' }),
    target: parts.choose('target', choice.target ?? { name: 'gradient_step' }),
    localLoss: parts.choose('localLoss', choice.localLoss ?? { name: 'matching' }),
    regularizer: parts.choose('regularizer', choice.regularizer ?? { name: 'none' }),
    optimizer: parts.choose('optimizer', { learningRate, ...(choice.optimizer ?? { name: 'sgd' }) }),
    iterations: choice.iterations ?? 3,
    localSchedule: choice.localSchedule ?? 'linear',
    learningRate,
    residualMomentum: 0,
    solver: choice.solver ?? 'iterative',
    anderson: choice.anderson ?? defaultAnderson,
    form: choice.form ?? 'direct',
  };
}

/** A state of small random weights and fresh slots. */
export const randomState = (seed: number, rule: LayerRule): LayerState => ({
  weights: randomMatrix(seed, 'weights', rule.inputs, rule.units, 1 / Math.sqrt(rule.inputs)),
  bias: randomMatrix(seed, 'bias', 1, rule.units, 0.1),
  ...freshSlots(rule),
  updates: 0,
});

export const optimizerChoices: readonly PartReference[] = [
  { name: 'sgd' },
  { name: 'momentum', momentum: 0.8 },
  { name: 'nesterov', momentum: 0.8 },
  { name: 'adam' },
  { name: 'rmsprop', momentum: 0.9 },
  { name: 'adagrad' },
];
