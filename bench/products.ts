import { input, matmul, sum, transpose, type Expression } from '../core/expression/expression.js';
import type { Routine } from '../core/expression/routine.js';
import { Stopwatch } from '../coordinator/stopwatch.js';
import type { Call, Engine, Tensor } from '../engine/engine.js';
import { uniformMatrix } from './data.js';
import type { Task } from './measure.js';
import type { LayerShape, SolveSize } from './shapes.js';

/*
 * Bare products: the matrix products of a solve or of a sweep and next to nothing else, as one call that returns
 * one matrix. They are what any implementation has to compute, so a solve is measured against them.
 */

/** Work that can be repeated, on tensors of its own. */
export interface Measured {
  readonly run: Task;
  readonly release: () => void;
}

/** Seconds that a call takes; its results are released. */
export async function timedCall(engine: Engine, call: Call): Promise<number> {
  const watch = new Stopwatch();
  const { tensors } = await engine.run(call);
  const seconds = watch.lap();
  engine.release(Object.values(tensors));
  return seconds;
}

const repeated = (engine: Engine, call: Call): Measured => ({
  run: () => timedCall(engine, call),
  release: () => engine.release(Object.values(call.inputs)),
});

/**
 * The end of a routine of bare products: the last one, and a number that is made of it. A device hands matrices out
 * before they are computed, a number once it is.
 */
const ending = (product: string): Pick<Routine, 'final' | 'outputs' | 'numbers'> => ({
  final: { total: sum(input(product), 'all') },
  outputs: [product],
  numbers: ['total'],
});

/** A pass for each local iteration: a product with X and one with Xᵀ, as a solve's residual has them. */
const solveRoutine: Routine = {
  name: 'products of a solve',
  setup: { inputsTransposed: transpose(input('inputs')) },
  loop: {
    body: {
      weights: matmul(input('inputsTransposed'), matmul(input('inputs'), input('weights'))),
    },
  },
  ...ending('weights'),
};

/**
 * Entries of a batch X for which XᵀX is close to the identity, as their variance is 1/B: however often
 * a matrix goes through X and Xᵀ, it neither vanishes nor leaves the range of float32.
 */
export const batchLimit = (batch: number): number => Math.sqrt(3 / batch);

/** The 2K products of a direct solve with objectives, A given. */
export async function solveProducts(
  engine: Engine,
  { inputs, units }: LayerShape,
  { batch, iterations }: SolveSize,
): Promise<Measured> {
  const passes = Array.from({ length: iterations }, () => ({}));
  const tensors = {
    inputs: await engine.upload(uniformMatrix('inputs', batch, inputs, batchLimit(batch))),
    weights: await engine.upload(uniformMatrix('weights', inputs, units, 1)),
  };
  return repeated(engine, { routine: solveRoutine, inputs: tensors, passes });
}

const weightsName = (layer: number): string => `weights.${layer}`;

/** The products of a forward pass, XW of every layer in turn. */
const forwardRoutine = (shapes: readonly LayerShape[]): Routine => ({
  name: 'products of a forward pass',
  setup: {
    outputs: shapes.reduce<Expression>(
      (below, _, layer) => matmul(below, input(weightsName(layer))),
      input('start'),
    ),
  },
  ...ending('outputs'),
});

/** The products of a backward sweep, DWᵀ from the last layer down to the second. */
const backwardRoutine = (shapes: readonly LayerShape[]): Routine => ({
  name: 'products of a backward sweep',
  setup: {
    gradient: shapes
      .slice(1)
      .reduceRight<Expression>(
        (above, _, index) => matmul(above, transpose(input(weightsName(index + 1)))),
        input('start'),
      ),
  },
  ...ending('gradient'),
});

async function sweepProducts(
  engine: Engine,
  routine: Routine,
  shapes: readonly LayerShape[],
  start: Tensor,
): Promise<Measured> {
  const inputs: Record<string, Tensor> = { start };
  for (const [layer, shape] of shapes.entries()) {
    // Glorot's limit keeps the size of what goes through.
    const limit = Math.sqrt(6 / (shape.inputs + shape.units));
    inputs[weightsName(layer)] = await engine.upload(
      uniformMatrix(weightsName(layer), shape.inputs, shape.units, limit),
    );
  }
  return repeated(engine, { routine, inputs });
}

/** All products of a training step of a network whose layers are solved in direct form. */
export async function stepProducts(
  engine: Engine,
  shapes: readonly LayerShape[],
  size: SolveSize,
): Promise<Measured> {
  const matrix = (name: string, columns: number): Promise<Tensor> =>
    engine.upload(uniformMatrix(name, size.batch, columns, 1));
  const parts = [
    await sweepProducts(engine, forwardRoutine(shapes), shapes, await matrix('batch', shapes[0]!.inputs)),
    await sweepProducts(
      engine,
      backwardRoutine(shapes),
      shapes,
      await matrix('gradient', shapes.at(-1)!.units),
    ),
  ];
  for (const shape of shapes) parts.push(await solveProducts(engine, shape, size));
  return {
    run: async () => {
      let seconds = 0;
      for (const part of parts) seconds += await part.run();
      return seconds;
    },
    release: () => {
      for (const part of parts) part.release();
    },
  };
}
