import type { Instruction } from '../../core/expression/program.js';
import { elementwise } from '../../core/expression/scalars.js';
import type { Shape } from '../../core/expression/shapes.js';

/** A matrix in float64; a condition holds 0 and 1. */
export interface Value {
  readonly shape: Shape;
  readonly data: Float64Array;
}

const build = (rows: number, columns: number, at: (row: number, column: number) => number): Value => {
  const data = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) data[row * columns + column] = at(row, column);
  }
  return { shape: [rows, columns], data };
};

const number = (value: number): Value => ({ shape: [1, 1], data: Float64Array.of(value) });

/** Reads a value as if it had been repeated to a larger shape. */
const broadcastReader = ({ shape, data }: Value): ((row: number, column: number) => number) => {
  const rowStride = shape[0] === 1 ? 0 : shape[1];
  const columnStride = shape[1] === 1 ? 0 : 1;
  return (row, column) => data[row * rowStride + column * columnStride]!;
};

const one = number(0);

function applyElementwise(apply: (x: number, y: number, z: number) => number, args: readonly Value[]): Value {
  const rows = Math.max(...args.map(({ shape }) => shape[0]));
  const columns = Math.max(...args.map(({ shape }) => shape[1]));
  const [x, y, z] = [args[0] ?? one, args[1] ?? one, args[2] ?? one].map(broadcastReader);
  return build(rows, columns, (i, j) => apply(x!(i, j), y!(i, j), z!(i, j)));
}

function matmul(x: Value, y: Value): Value {
  const [rows, inner] = x.shape;
  const columns = y.shape[1];
  const data = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < inner; k++) {
      const factor = x.data[i * inner + k]!;
      for (let j = 0; j < columns; j++) data[i * columns + j]! += factor * y.data[k * columns + j]!;
    }
  }
  return { shape: [rows, columns], data };
}

function reduce(
  x: Value,
  axis: Instruction['axis'],
  start: number,
  join: (x: number, y: number) => number,
): Value {
  const [rows, columns] = x.shape;
  const result = build(axis === 1 ? rows : 1, axis === 0 ? columns : 1, () => start);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const at = axis === 'all' ? 0 : axis === 0 ? j : i;
      result.data[at] = join(result.data[at]!, x.data[i * columns + j]!);
    }
  }
  return result;
}

/**
 * The value of one instruction.
 * @param values of the instructions before it
 * @param numbers of the program's scalars
 */
export function evaluate(
  { op, args, name, value, scalar, axis }: Instruction,
  values: readonly Value[],
  environment: ReadonlyMap<string, Value>,
  numbers: readonly number[],
): Value {
  const operands = args.map((arg) => values[arg]!);
  const [x = one, y = one] = operands;
  switch (op) {
    case 'input':
      return environment.get(name!)!;
    case 'constant':
      return number(value!);
    case 'scalar':
      return number(numbers[scalar!]!);
    case 'transpose':
      return build(x.shape[1], x.shape[0], (i, j) => x.data[j * x.shape[1] + i]!);
    case 'matmul':
      return matmul(x, y);
    case 'sum':
      return reduce(x, axis, 0, (total, next) => total + next);
    case 'max':
      return reduce(x, axis, -Infinity, Math.max);
    default:
      return applyElementwise(elementwise[op]!, operands);
  }
}
