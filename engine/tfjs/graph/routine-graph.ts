import type { Program } from '../../../core/expression/program.js';
import type { CompiledRoutine } from '../../../core/expression/routine.js';
import { shapesOf, type Shape } from '../../../core/expression/shapes.js';
import { feeds } from '../../graph/feeds.js';
import { evaluate, type Arithmetic } from '../evaluate.js';
import { planProgram } from '../plan.js';
import { GraphBuilder, type GraphMatrix } from './graph-builder.js';
import { graphOperations } from './graph-operations.js';

const NUMBER: Shape = [1, 1];
const none: ReadonlySet<string> = new Set();

/**
 * A routine as the bytes of a SavedModel, with all passes of its loop written out. It takes what `feeds` names, every
 * list as a column, and gives the routine's outputs and numbers by their names.
 * @throws RangeError where shapes do not fit
 */
export function routineGraph(
  { setup, loop, final, outputs, numbers }: CompiledRoutine,
  inputShapes: ReadonlyMap<string, Shape>,
  passes: number,
): Uint8Array {
  const graph = new GraphBuilder();
  const environment = new Map(
    Array.from(inputShapes, ([name, shape]) => [name, graph.input(feeds.matrix(name), shape)]),
  );
  /** Takes what stands for the program's scalars, and adds its nodes: once for each pass of a loop. */
  const binding = (program: Program): ((scalars: readonly GraphMatrix[]) => void) => {
    const plan = planProgram(program, true);
    const arithmetic = arithmeticOf(graph, program, environment);
    return (scalars) => {
      const reading = { environment, consumed: none, scalar: (index: number) => scalars[index]! };
      for (const [name, matrix] of evaluate(arithmetic, plan, reading)) environment.set(name, matrix);
    };
  };
  const single = ({ scalars }: Program, feed: (index: number) => string): GraphMatrix[] =>
    scalars.map((_, index) => graph.input(feed(index), NUMBER));

  binding(setup)(single(setup, feeds.setup));
  if (loop && passes > 0) {
    const lists = loop.body.scalars.map((_, index) => graph.input(feeds.pass(index), [passes, 1]));
    const entries = lists.map((list) => graph.rowsOf(list));
    const bindPass = binding(loop.body);
    for (let pass = 0; pass < passes; pass++) bindPass(entries.map((list) => list[pass]!));
  }
  binding(final)(single(final, feeds.final));
  for (const name of [...outputs, ...numbers]) graph.output(name, environment.get(name)!);
  return graph.encode();
}

/** @throws RangeError where the program's shapes do not fit */
function arithmeticOf(
  graph: GraphBuilder,
  program: Program,
  environment: ReadonlyMap<string, GraphMatrix>,
): Arithmetic<GraphMatrix> {
  const shapes = shapesOf(program, new Map(Array.from(environment, ([name, { shape }]) => [name, shape])));
  return {
    number: (value) => graph.number(value),
    compute: (args, step) => graphOperations[step.op](graph, args, { ...step, shape: shapes[step.at]! }),
    // A node is there as often as it is read.
    dispose: () => undefined,
    clone: (matrix) => matrix,
  };
}
