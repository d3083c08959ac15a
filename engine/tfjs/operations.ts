import { axesOf } from './axes.js';
import type { TfTensor, Tfjs } from './library.js';
import type { PlannedOperator, Step } from './plan.js';

export type Operation = (tf: Tfjs, args: readonly TfTensor[], step: Step) => TfTensor;

const unary =
  (kernel: string): Operation =>
  (tf, [x]) =>
    tf.engine().runKernel(kernel, { x: x! });

const binary =
  (kernel: string): Operation =>
  (tf, [a, b]) =>
    tf.engine().runKernel(kernel, { a: a!, b: b! });

/** @param attribute what the kernel calls the axes */
const reduction =
  (kernel: string, attribute: string): Operation =>
  (tf, [x], { axis }) =>
    tf.engine().runKernel(kernel, { x: x! }, { [attribute]: axesOf(axis!), keepDims: true });

const product = (
  tf: Tfjs,
  a: TfTensor,
  b: TfTensor,
  [transposeA, transposeB]: Step['transposed'],
): TfTensor => tf.engine().runKernel('BatchMatMul', { a, b }, { transposeA, transposeB });

/** Two matrices of one shape multiplied as vectors; with others, the sum of the product that broadcasts them. */
const sumOfProduct: Operation = (tf, [x, y], step) => {
  if (x!.shape.join() !== y!.shape.join()) {
    return operations.sum(tf, [operations.multiply(tf, [x!, y!], step)], step);
  }
  const size = x!.shape.reduce((total, length) => total * length, 1);
  const asVector = (matrix: TfTensor, shape: readonly number[]): TfTensor =>
    tf.engine().runKernel('Reshape', { x: matrix }, { shape });
  return product(tf, asVector(x!, [1, size]), asVector(y!, [size, 1]), [false, false]);
};

export const operations: Readonly<Record<PlannedOperator, Operation>> = {
  negate: unary('Neg'),
  abs: unary('Abs'),
  exp: unary('Exp'),
  log: unary('Log'),
  sqrt: unary('Sqrt'),
  tanh: unary('Tanh'),
  sigmoid: unary('Sigmoid'),
  transpose: (tf, [x]) => tf.engine().runKernel('Transpose', { x: x! }, { perm: [1, 0] }),
  add: binary('Add'),
  subtract: binary('Sub'),
  multiply: (tf, [a, b]) =>
    a === b
      ? tf.engine().runKernel('Square', { x: a! })
      : tf.engine().runKernel('Multiply', { a: a!, b: b! }),
  divide: binary('RealDiv'),
  power: binary('Pow'),
  maximum: binary('Maximum'),
  minimum: binary('Minimum'),
  greater: binary('Greater'),
  where: (tf, [condition, x, y]) => tf.where(condition!, x!, y!),
  sum: reduction('Sum', 'axis'),
  max: reduction('Max', 'reductionIndices'),
  matmul: (tf, [x, y, factor], step) => {
    const result = product(tf, x!, y!, step.transposed);
    if (!factor) return result;
    const multiple = operations.multiply(tf, [result, factor], step);
    result.dispose();
    return multiple;
  },
  sumOfProduct,
};
