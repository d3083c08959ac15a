import type { Program } from '../../core/expression/program.js';
import type { CompiledRoutine } from '../../core/expression/routine.js';
import { shapesOf, type Shape } from '../../core/expression/shapes.js';
import { feeds } from '../graph/feeds.js';
import { isUnrolled } from '../graph/loop-form.js';
import { emitProgram, type Graphs, type Value } from './emit.js';
import { GraphBuilder, matrixInfo, type Names, valueInfo } from './graph.js';
import type { Product } from './steady-threads.js';

/** A matrix of the model: the name of the value there and its shape. */
export interface ModelMatrix {
  readonly value: string;
  readonly shape: Shape;
}

/** What became of a routine. */
export interface Emitted {
  /** By the routine's names, its outputs and numbers among them. */
  readonly matrices: ReadonlyMap<string, ModelMatrix>;
  readonly products: readonly Product[];
  /** Entries of what it is given and works on at once. */
  readonly entries: number;
}

/** The input with the number of passes of a loop, int64. */
export const PASSES = 'passes';

type Environment = Map<string, Value>;

/** The shapes of what is bound, and the products met on the way. */
class Shapes {
  readonly byName: Map<string, Shape>;
  readonly products: Product[] = [];

  constructor(given: Iterable<readonly [string, Shape]>) {
    this.byName = new Map(given);
  }

  bind(program: Program): void {
    const found = shapesOf(program, this.byName);
    for (const [name, at] of Object.entries(program.outputs)) this.byName.set(name, found[at]!);
    for (const { op, args } of program.instructions) {
      if (op !== 'matmul') continue;
      const [[rows, inner], [, columns]] = [found[args[0]!]!, found[args[1]!]!];
      this.products.push({ rows, inner, columns });
    }
  }
}

/**
 * Adds a routine's nodes: `setup`, then all passes, written out or as one Loop node, then `final`.
 * @param given what the routine's caller supplies, by its names there
 * @throws RangeError where shapes do not fit
 */
export function emitRoutine(
  routine: CompiledRoutine,
  graphs: Graphs,
  names: Names,
  given: ReadonlyMap<string, ModelMatrix>,
  passes: number,
): Emitted {
  const shapes = new Shapes(Array.from(given, ([name, { shape }]) => [name, shape]));
  const environment: Environment = new Map(
    Array.from(given, ([name, { value }]) => [name, { name: value, inLoop: false }]),
  );
  const bind = (values: ReadonlyMap<string, Value>): void => {
    for (const [name, value] of values) environment.set(name, value);
  };
  const outside =
    (feed: (scalar: number) => string) =>
    (index: number): Value => ({
      name: feed(index),
      inLoop: false,
    });

  bind(emitProgram(routine.setup, graphs, environment, outside(feeds.setup)));
  shapes.bind(routine.setup);
  if (routine.loop && isUnrolled(routine, passes, graphs.form)) {
    bind(emitPasses(routine.loop.body, passes, graphs, environment, shapes));
  } else if (routine.loop) bind(emitLoop(routine.loop, graphs, names, environment, shapes));
  bind(emitProgram(routine.final, graphs, environment, outside(feeds.final)));
  shapes.bind(routine.final);
  const matrices = Array.from(environment, ([name, { name: value }]): [string, ModelMatrix] => [
    name,
    { value, shape: shapes.byName.get(name)! },
  ]);
  const entries = Array.from(given.values()).reduce((total, { shape }) => total + shape[0] * shape[1], 0);
  return { matrices: new Map(matrices), products: shapes.products, entries };
}

/** Adds the passes one after the other and returns the values after the last. */
function emitPasses(
  body: Program,
  passes: number,
  graphs: Graphs,
  environment: Environment,
  shapes: Shapes,
): Environment {
  const { outer } = graphs;
  const inside: Environment = new Map(environment);
  for (let pass = 0; pass < passes; pass++) {
    const scalarOf = (index: number): Value => ({
      name: outer.node('Gather', [feeds.pass(index), outer.integer(pass)])[0]!,
      inLoop: false,
    });
    for (const [name, value] of emitProgram(body, graphs, inside, scalarOf)) inside.set(name, value);
  }
  shapes.bind(body);
  return inside;
}

/** Adds the Loop node and returns the values after its last pass. */
function emitLoop(
  loop: NonNullable<CompiledRoutine['loop']>,
  { outer, form }: Graphs,
  names: Names,
  environment: Environment,
  shapes: Shapes,
): Environment {
  const body = new GraphBuilder(names);
  const states = Object.keys(loop.body.outputs).filter((name) => name !== loop.while);
  const counter = names.next('pass');
  const condition = names.next('condition');
  const entering = states.map((name) => names.next(name));

  const inside: Environment = new Map(environment);
  states.forEach((name, index) => inside.set(name, { name: entering[index]!, inLoop: true }));
  const scalarOf = (index: number): Value => ({
    name: body.node('Gather', [feeds.pass(index), counter])[0]!,
    inLoop: true,
  });
  const results = emitProgram(loop.body, { outer, body, form }, inside, scalarOf);

  const leaving = states.map((name) => own(body, results.get(name)!, entering));
  const going = loop.while
    ? body.node('Reshape', [results.get(loop.while)!.name, outer.integers([1])])[0]!
    : body.node('Identity', [condition])[0]!;
  const graph = body.build(
    'pass',
    [
      valueInfo(counter, [], 'int64'),
      valueInfo(condition, [], 'bool'),
      ...states.map((name, index) => matrixInfo(entering[index]!, shapes.byName.get(name)!)),
    ],
    [
      valueInfo(going, loop.while ? [1] : [], 'bool'),
      ...states.map((name, index) => matrixInfo(leaving[index]!, shapes.byName.get(name)!)),
    ],
  );
  shapes.bind(loop.body);
  const after = states.map((name) => names.next(name));
  const before = states.map((name) => environment.get(name)!.name);
  outer.node('Loop', [PASSES, outer.yes(), ...before], { body: graph }, after);
  return new Map(states.map((name, index) => [name, { name: after[index]!, inLoop: false }]));
}

/** A value that the body itself computes: what enters it or comes from outside is passed on by a node. */
const own = (body: GraphBuilder, { name, inLoop }: Value, entering: readonly string[]): string =>
  inLoop && !entering.includes(name) ? name : body.node('Identity', [name])[0]!;
