import type { Shape } from '../../../core/expression/shapes.js';
import { axesOf } from '../axes.js';
import type { PlannedOperator, Step } from '../plan.js';
import { FLOAT, INT32, type GraphBuilder, type GraphMatrix } from './graph-builder.js';

/** A step and the shape of its result. */
type ShapedStep = Step & { readonly shape: Shape };
type GraphOperation = (graph: GraphBuilder, args: readonly GraphMatrix[], step: ShapedStep) => GraphMatrix;

const valuesOf = (args: readonly GraphMatrix[]): string[] => args.map(({ value }) => value);

const elementwise =
  (op: string): GraphOperation =>
  (graph, args, { shape }) =>
    graph.node(op, valuesOf(args), shape, { T: FLOAT });

const reduction =
  (op: string): GraphOperation =>
  (graph, [x], { axis, shape }) =>
    graph.node(op, [x!.value, graph.integers(axesOf(axis!))], shape, {
      ...{ T: FLOAT, Tidx: INT32, keep_dims: { b: true } },
    });

const isWhole = (arg: GraphMatrix, { shape }: ShapedStep): boolean => arg.shape.join() === shape.join();

const plainAdd = elementwise('AddV2');
const sum = reduction('Sum');

/** A row that is added to a matrix is a bias: TensorFlow then makes one operation of a product and what follows it. */
const add: GraphOperation = (graph, args, step) => {
  const [x, y] = args;
  const isBias = isWhole(x!, step) && !isWhole(y!, step) && y!.shape[1] === step.shape[1];
  if (!isBias) return plainAdd(graph, args, step);
  return graph.node('BiasAdd', [x!.value, graph.vector(y!)], step.shape, { T: FLOAT });
};

const multiply: GraphOperation = (graph, [x, y], { shape }) =>
  x!.value === y!.value
    ? graph.node('Square', [x!.value], shape, { T: FLOAT })
    : graph.node('Mul', [x!.value, y!.value], shape, { T: FLOAT });

/** A constant factor goes to the first matrix: as X is the same in all passes, that is one operation a solve. */
const matmul: GraphOperation = (graph, [x, y, factor], { shape, transposed: [first, second] }) => {
  const multiple = factor ? graph.node('Mul', [x!.value, factor.value], x!.shape, { T: FLOAT }) : x!;
  const attributes = { T: FLOAT, transpose_a: { b: first }, transpose_b: { b: second } };
  return graph.node('MatMul', [multiple.value, y!.value], shape, attributes);
};

/** Two matrices of one shape are multiplied as vectors, without a matrix of the products. */
const sumOfProduct: GraphOperation = (graph, args, step) => {
  const [x, y] = args;
  const shape: Shape = [Math.max(x!.shape[0], y!.shape[0]), Math.max(x!.shape[1], y!.shape[1])];
  if (x!.shape.join() !== y!.shape.join())
    return sum(graph, [multiply(graph, args, { ...step, shape })], step);
  const size = shape[0] * shape[1];
  return matmul(graph, [graph.reshape(x!, [1, size]), graph.reshape(y!, [size, 1])], step);
};

/** The nodes of TensorFlow that carry operations out. */
export const graphOperations: Readonly<Record<PlannedOperator, GraphOperation>> = {
  negate: elementwise('Neg'),
  abs: elementwise('Abs'),
  exp: elementwise('Exp'),
  log: elementwise('Log'),
  sqrt: elementwise('Sqrt'),
  tanh: elementwise('Tanh'),
  sigmoid: elementwise('Sigmoid'),
  transpose: (graph, [x], { shape }) =>
    graph.node('Transpose', [x!.value, graph.integers([1, 0])], shape, { T: FLOAT, Tperm: INT32 }),
  add,
  subtract: elementwise('Sub'),
  multiply,
  divide: elementwise('RealDiv'),
  power: elementwise('Pow'),
  maximum: elementwise('Maximum'),
  minimum: elementwise('Minimum'),
  greater: elementwise('Greater'),
  where: elementwise('SelectV2'),
  sum,
  max: reduction('Max'),
  matmul,
  sumOfProduct,
};
