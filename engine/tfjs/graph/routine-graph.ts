import type { Program } from '../../../core/expression/program.js';
import type { CompiledRoutine } from '../../../core/expression/routine.js';
import { shapesOf, type Shape } from '../../../core/expression/shapes.js';
import { feeds } from '../../graph/feeds.js';
import { evaluate, type Arithmetic } from '../evaluate.js';
import { planProgram } from '../plan.js';
import { GraphBuilder, type Node } from './graph-builder.js';
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
  const bind = (program: Program, scalars: readonly Node[]): void => {
    const arithmetic = arithmeticOf(graph, program, environment);
    const reading = { environment, consumed: none, scalar: (index: number) => scalars[index]! };
    const results = evaluate(arithmetic, planProgram(program, true), reading);
    for (const [name, node] of results) environment.set(name, node);
  };
  const single = ({ scalars }: Program, feed: (index: number) => string): Node[] =>
    scalars.map((_, index) => graph.input(feed(index), NUMBER));

  bind(setup, single(setup, feeds.setup));
  if (loop && passes > 0) {
    const lists = loop.body.scalars.map((_, index) => graph.input(feeds.pass(index), [passes, 1]));
    const entries = lists.map((list) => graph.rowsOf(list));
    for (let pass = 0; pass < passes; pass++) {
      const scalars = entries.map((list) => list[pass]!);
      bind(loop.body, scalars);
    }
  }
  bind(final, single(final, feeds.final));
  for (const name of [...outputs, ...numbers]) graph.output(name, environment.get(name)!);
  return graph.encode();
}

/** @throws RangeError where the program's shapes do not fit */
function arithmeticOf(
  graph: GraphBuilder,
  program: Program,
  environment: ReadonlyMap<string, Node>,
): Arithmetic<Node> {
  const shapes = shapesOf(program, new Map(Array.from(environment, ([name, { shape }]) => [name, shape])));
  return {
    number: (value) => graph.number(value),
    compute: (args, step) => graphOperations[step.op](graph, args, { ...step, shape: shapes[step.at]! }),
    // A node is there as often as it is read.
    dispose: () => undefined,
    clone: (node) => node,
  };
}
