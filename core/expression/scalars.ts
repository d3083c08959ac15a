import type { Expression, Operator } from './expression.js';

/** Values of the scalars of a run, by name. */
export type ScalarValues = Readonly<Record<string, number>>;

/** What an operator does to numbers; those it does not take are ignored. */
type NumberFunction = (x: number, y: number, z: number) => number;

/** The operators that act entry by entry. */
export const elementwise: Readonly<Partial<Record<Operator, NumberFunction>>> = {
  negate: (x) => -x,
  abs: Math.abs,
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  add: (x, y) => x + y,
  subtract: (x, y) => x - y,
  multiply: (x, y) => x * y,
  divide: (x, y) => x / y,
  power: (x, y) => x ** y,
  maximum: (x, y) => Math.max(x, y),
  minimum: (x, y) => Math.min(x, y),
  greater: (x, y) => (x > y ? 1 : 0),
  where: (condition, x, y) => (condition !== 0 ? x : y),
};

/** On [1, 1] matrices every operator is one of numbers. */
export const numberFunctions: Readonly<Partial<Record<Operator, NumberFunction>>> = {
  ...elementwise,
  transpose: (x) => x,
  matmul: (x, y) => x * y,
  sum: (x) => x,
  max: (x) => x,
};

const memo = new WeakMap<Expression, boolean>();

/** Whether an expression depends on no matrix. */
export function isScalar(node: Expression): boolean {
  const known = memo.get(node);
  if (known !== undefined) return known;
  const result = 'args' in node ? node.args.every(isScalar) : node.op !== 'input';
  memo.set(node, result);
  return result;
}

/** The value of an expression without matrices, in float64. */
export function evaluateScalar(node: Expression, values: ScalarValues): number {
  if (node.op === 'constant') return node.value;
  if (node.op === 'input') throw new TypeError(`the matrix "${node.name}" stands in a scalar expression`);
  if (node.op === 'scalar') {
    const value = values[node.name];
    if (value === undefined) throw new TypeError(`no value for the scalar "${node.name}"`);
    return value;
  }
  const [x = 0, y = 0, z = 0] = node.args.map((arg) => evaluateScalar(arg, values));
  const apply = numberFunctions[node.op];
  if (!apply) throw new TypeError(`unknown operator "${node.op}"`);
  return apply(x, y, z);
}

const dependsOnRun = (node: Expression): boolean =>
  'args' in node ? node.args.some(dependsOnRun) : node.op === 'scalar';

/** Replaces a scalar expression that needs no value of the run by its value. */
export const foldScalar = (node: Expression): Expression =>
  dependsOnRun(node) ? node : { op: 'constant', value: evaluateScalar(node, {}) };
