/**
 * Expressions over matrices: the one language in which every rule of the method is written. An
 * expression is plain data, so each engine evaluates or compiles it and it can be sent to a worker.
 *
 * Every value is a matrix; shapes broadcast as in NumPy, so a bias is [1, units], a number per example
 * [examples, 1] and a number [1, 1]. A *scalar* is known before an engine runs (a learning rate, the
 * number of examples): what depends on scalars alone is computed once, in float64.
 */

export type UnaryOperator = 'negate' | 'abs' | 'exp' | 'log' | 'sqrt' | 'tanh' | 'sigmoid';
export type BinaryOperator =
  'add' | 'subtract' | 'multiply' | 'divide' | 'power' | 'maximum' | 'minimum' | 'greater';
export type ReductionOperator = 'sum' | 'max';

/** 0: over the rows, giving [1, columns]; 1: over the columns, giving [rows, 1]; all: [1, 1]. */
export type Axis = 0 | 1 | 'all';

export type Expression =
  | { readonly op: 'input'; readonly name: string }
  | { readonly op: 'scalar'; readonly name: string }
  | { readonly op: 'constant'; readonly value: number }
  | { readonly op: UnaryOperator | 'transpose'; readonly args: readonly [Expression] }
  | { readonly op: BinaryOperator | 'matmul'; readonly args: readonly [Expression, Expression] }
  | { readonly op: 'where'; readonly args: readonly [Expression, Expression, Expression] }
  | { readonly op: ReductionOperator; readonly axis: Axis; readonly args: readonly [Expression] };

export type Operator = Expression['op'];

/** A number stands for a constant wherever an expression is expected. */
export type Operand = Expression | number;

/** Named expressions. */
export type Bindings = Readonly<Record<string, Expression>>;

const lift = (operand: Operand): Expression =>
  typeof operand === 'number' ? { op: 'constant', value: operand } : operand;

const unary =
  (op: UnaryOperator | 'transpose') =>
  (x: Operand): Expression => ({ op, args: [lift(x)] });

const binary =
  (op: BinaryOperator | 'matmul') =>
  (x: Operand, y: Operand): Expression => ({ op, args: [lift(x), lift(y)] });

const reduction =
  (op: ReductionOperator) =>
  (x: Operand, axis: Axis): Expression => ({ op, axis, args: [lift(x)] });

/** A matrix that the caller supplies, or that an earlier part of a routine bound to this name. */
export const input = (name: string): Expression => ({ op: 'input', name });
/** A number that is known before the run. */
export const scalar = (name: string): Expression => ({ op: 'scalar', name });
export const constant = (value: number): Expression => ({ op: 'constant', value });

export const negate = unary('negate');
export const abs = unary('abs');
export const exp = unary('exp');
export const log = unary('log');
export const sqrt = unary('sqrt');
export const tanh = unary('tanh');
/** The logistic function 1/(1 + e⁻ˣ). */
export const sigmoid = unary('sigmoid');
export const transpose = unary('transpose');

export const add = binary('add');
export const subtract = binary('subtract');
export const multiply = binary('multiply');
export const divide = binary('divide');
export const power = binary('power');
export const maximum = binary('maximum');
export const minimum = binary('minimum');
/** The condition x > y, for `where`. */
export const greater = binary('greater');
/** The condition x = y of whole numbers. */
export const equals = (x: Operand, y: Operand): Expression => greater(0.5, abs(subtract(x, y)));
/** The matrix product. */
export const matmul = binary('matmul');

export const where = (condition: Expression, x: Operand, y: Operand): Expression => ({
  op: 'where',
  args: [condition, lift(x), lift(y)],
});

/** Sums; the reduced axis keeps length 1. */
export const sum = reduction('sum');
/** Largest entries; the reduced axis keeps length 1. */
export const max = reduction('max');

export const square = (x: Operand): Expression => multiply(x, x);
