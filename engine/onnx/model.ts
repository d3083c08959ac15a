import type { onnx } from 'onnx-proto';
import type { CompiledRoutine } from '../../core/expression/routine.js';
import type { Shape } from '../../core/expression/shapes.js';
import type { Program } from '../../core/expression/program.js';
import { feeds } from '../graph/feeds.js';
import { isUnrolled } from '../graph/loop-form.js';
import { columnBlocks, type Blocks } from './blocks.js';
import { emitBlocks } from './emit-blocks.js';
import { emitRoutine, PASSES, type ModelMatrix } from './emit-routine.js';
import type { GraphForm } from './form.js';
import { encodeModel, GraphBuilder, matrixInfo, Names, valueInfo } from './graph.js';
import { unreadableResult } from './results-in-place.js';
import type { Product } from './steady-threads.js';

/** A routine as an ONNX model for matrices of certain shapes. */
export interface Model {
  readonly bytes: Uint8Array;
  /** The model's name and the shape of each output and number of the routine. */
  readonly results: ReadonlyMap<string, ModelMatrix>;
  /** The matrix products that it is made of. */
  readonly products: readonly Product[];
  /** Entries of what it works on at once. */
  readonly entries: number;
}

/**
 * Builds the model of a routine, in blocks of columns where the form asks for them.
 * @param passes of the loop; a model that is not unrolled takes any number
 * @param resultsInPlace whether it is run by `runInPlace`
 * @throws RangeError where shapes do not fit
 */
export function buildModel(
  routine: CompiledRoutine,
  inputShapes: ReadonlyMap<string, Shape>,
  passes: number,
  form: GraphForm,
  resultsInPlace = false,
): Model {
  const names = new Names();
  const outer = new GraphBuilder(names);
  const graphs = { outer, form };
  const supplied = new Map(
    Array.from(inputShapes, ([name, shape]) => [name, { value: feeds.matrix(name), shape }]),
  );
  const blocks = blocksOf(routine, inputShapes, passes, form);
  const emitted = blocks
    ? emitBlocks(routine, graphs, names, supplied, passes, blocks)
    : emitRoutine(routine, graphs, names, supplied, passes);

  const results = new Map<string, ModelMatrix>();
  const given = new Set<string>();
  for (const name of [...routine.outputs, ...routine.numbers]) {
    const { value: found, shape } = emitted.matrices.get(name)!;
    // A result of its own, should two names share a value or one be an input.
    const own = outer.computes(found) && !given.has(found);
    const value = own ? found : outer.node('Identity', [found])[0]!;
    given.add(value);
    results.set(name, { value, shape });
  }
  const inputs = [
    ...Array.from(supplied.values(), ({ value, shape }) => matrixInfo(value, shape)),
    ...routine.setup.scalars.map((_, index) => valueInfo(feeds.setup(index), [])),
    ...routine.final.scalars.map((_, index) => valueInfo(feeds.final(index), [])),
    ...(routine.loop ? loopInputs(routine.loop.body) : []),
  ];
  const outputs = [
    ...(resultsInPlace ? [unreadableResult(outer)] : []),
    ...Array.from(results.values(), ({ value, shape }) => matrixInfo(value, shape)),
  ];
  const { products, entries } = emitted;
  return { bytes: encodeModel(outer.build(routine.name, inputs, outputs)), results, products, entries };
}

/** Blocks share what does not depend on the columns, but not what is in a Loop node. */
function blocksOf(
  routine: CompiledRoutine,
  shapes: ReadonlyMap<string, Shape>,
  passes: number,
  form: GraphForm,
): Blocks | null {
  const shared = !routine.loop || isUnrolled(routine, passes, form);
  return form.blockEntries !== null && shared ? columnBlocks(routine, shapes, form.blockEntries) : null;
}

const loopInputs = (body: Program): onnx.IValueInfoProto[] => [
  valueInfo(PASSES, [], 'int64'),
  ...body.scalars.map((_, index) => valueInfo(feeds.pass(index), ['passes'])),
];
