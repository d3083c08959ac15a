import type { Bindings } from '#core/expression/expression.js';
import { compileRoutine, type Routine } from '#core/expression/routine.js';
import type { ScalarValues } from '#core/expression/scalars.js';
import type { Matrix } from '#core/matrix.js';
import type { BackendTensor } from '#engine/backend.js';
import { createBackend } from '#engine/reference/backend.js';
import { expect } from 'vitest';

export interface Run {
  readonly inputs: Readonly<Record<string, Matrix>>;
  readonly scalars?: ScalarValues;
  readonly passes?: readonly ScalarValues[];
}

/** All results of a routine in float64, by name. */
export async function run(
  routine: Routine,
  { inputs, scalars = {}, passes = [] }: Run,
): Promise<Record<string, Matrix>> {
  const backend = createBackend();
  const compiled = compileRoutine(routine);
  const tensors = new Map<string, BackendTensor>();
  for (const name of compiled.inputs) tensors.set(name, await backend.upload(inputs[name]!));
  const results = await backend.run({ routine: compiled, inputs: tensors, scalars, passes });
  const matrices: Record<string, Matrix> = {};
  for (const [name, tensor] of results) matrices[name] = await backend.download(tensor);
  return matrices;
}

/** The values of bindings. */
export const evaluate = (
  bindings: Bindings,
  inputs: Run['inputs'],
  scalars: ScalarValues = {},
): Promise<Record<string, Matrix>> =>
  run({ name: 'test', setup: bindings, outputs: Object.keys(bindings) }, { inputs, scalars });

const STEP = 1e-5;

/** The gradient of a function of a matrix, by central differences. */
export async function numericGradient(
  at: Matrix,
  value: (point: Matrix) => Promise<number>,
): Promise<Matrix> {
  const data = new Float64Array(at.data.length);
  for (const index of data.keys()) {
    const moved = (by: number): Promise<number> => {
      const point = Float64Array.from(at.data);
      point[index]! += by;
      return value({ ...at, data: point });
    };
    data[index] = ((await moved(STEP)) - (await moved(-STEP))) / (2 * STEP);
  }
  return { ...at, data };
}

/** Entries agree within `tolerance`, absolute or, for large ones, relative. */
export function expectClose(actual: Matrix, expected: Matrix, tolerance = 1e-7): void {
  expect([actual.rows, actual.columns]).toEqual([expected.rows, expected.columns]);
  for (const [index, value] of expected.data.entries()) {
    const difference = Math.abs(actual.data[index]! - value);
    expect(difference, `entry ${index}: ${actual.data[index]} and ${value}`).toBeLessThanOrEqual(
      tolerance * Math.max(1, Math.abs(value)),
    );
  }
}

export const total = ({ data }: Matrix): number => Array.from(data).reduce((sum, value) => sum + value, 0);

/** x y. */
export function product(x: Matrix, y: Matrix): Matrix<Float64Array> {
  const data = new Float64Array(x.rows * y.columns);
  for (let row = 0; row < x.rows; row++) {
    for (let column = 0; column < y.columns; column++) {
      let entry = 0;
      for (let k = 0; k < x.columns; k++) {
        entry += x.data[row * x.columns + k]! * y.data[k * y.columns + column]!;
      }
      data[row * y.columns + column] = entry;
    }
  }
  return { rows: x.rows, columns: y.columns, data };
}

export const transposed = (x: Matrix): Matrix<Float64Array> => ({
  rows: x.columns,
  columns: x.rows,
  data: Float64Array.from(
    { length: x.data.length },
    (_, index) => x.data[(index % x.rows) * x.columns + Math.floor(index / x.rows)]!,
  ),
});

/** Entry by entry; `y` may be one row, repeated. */
export const zip = (x: Matrix, y: Matrix, join: (x: number, y: number) => number): Matrix<Float64Array> => ({
  rows: x.rows,
  columns: x.columns,
  data: Float64Array.from(x.data, (value, index) => join(value, y.data[index % y.data.length]!)),
});

export const columnSums = (x: Matrix): Matrix<Float64Array> =>
  product({ rows: 1, columns: x.rows, data: new Float64Array(x.rows).fill(1) }, x);
