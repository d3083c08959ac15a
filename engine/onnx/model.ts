import type { onnx } from 'onnx-proto';
import type { CompiledRoutine } from '../../core/expression/routine.js';
import { shapesOf, type Shape } from '../../core/expression/shapes.js';
import type { Program } from '../../core/expression/program.js';
import { emitProgram, type Graphs, type Value } from './emit.js';
import type { GraphForm } from './form.js';
import { encodeModel, GraphBuilder, matrixInfo, Names, valueInfo } from './graph.js';

/** A routine as an ONNX model for matrices of certain shapes. */
export interface Model {
  readonly bytes: Uint8Array;
  /** The model's name and the shape of each output and number of the routine. */
  readonly results: ReadonlyMap<string, { readonly value: string; readonly shape: Shape }>;
}

/** Names of the model's inputs. */
export const feeds = {
  matrix: (name: string): string => `matrix ${name}`,
  setup: (scalar: number): string => `setup scalar ${scalar}`,
  /** A list: an entry for each pass. */
  pass: (scalar: number): string => `pass scalar ${scalar}`,
  final: (scalar: number): string => `final scalar ${scalar}`,
  /** The number of passes, int64. */
  passes: 'passes',
};

type Shapes = Map<string, Shape>;
type Environment = Map<string, Value>;

const bindShapes = (program: Program, shapes: Shapes): void => {
  const found = shapesOf(program, shapes);
  for (const [name, at] of Object.entries(program.outputs)) shapes.set(name, found[at]!);
};

/** Whether a model is for one number of passes only. */
export const isUnrolled = (
  { loop }: CompiledRoutine,
  passes: number,
  { mostUnrolledPasses }: GraphForm,
): boolean => loop !== null && loop.while === null && passes <= mostUnrolledPasses;

/**
 * Builds the model: `setup`, then all passes, written out or as one Loop node, then `final`.
 * @param passes of the loop; a model that is not unrolled takes any number
 * @throws RangeError where shapes do not fit
 */
export function buildModel(
  routine: CompiledRoutine,
  inputShapes: ReadonlyMap<string, Shape>,
  passes: number,
  form: GraphForm,
): Model {
  const names = new Names();
  const outer = new GraphBuilder(names);
  const graphs: Graphs = { outer, form };
  const shapes: Shapes = new Map(inputShapes);
  const environment: Environment = new Map(
    [...inputShapes.keys()].map((name) => [name, { name: feeds.matrix(name), inLoop: false }]),
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
  bindShapes(routine.setup, shapes);
  if (routine.loop && isUnrolled(routine, passes, form)) {
    bind(emitPasses(routine.loop.body, passes, graphs, environment, shapes));
  } else if (routine.loop) bind(emitLoop(routine.loop, graphs, names, environment, shapes));
  bind(emitProgram(routine.final, graphs, environment, outside(feeds.final)));
  bindShapes(routine.final, shapes);

  const results = new Map<string, { value: string; shape: Shape }>();
  const given = new Set<string>();
  for (const name of [...routine.outputs, ...routine.numbers]) {
    const found = environment.get(name)!.name;
    // A result of its own, should two names share a value or one be an input.
    const own = outer.computes(found) && !given.has(found);
    const value = own ? found : outer.node('Identity', [found])[0]!;
    given.add(value);
    results.set(name, { value, shape: shapes.get(name)! });
  }
  const inputs = [
    ...[...inputShapes].map(([name, shape]) => matrixInfo(feeds.matrix(name), shape)),
    ...routine.setup.scalars.map((_, index) => valueInfo(feeds.setup(index), [])),
    ...routine.final.scalars.map((_, index) => valueInfo(feeds.final(index), [])),
    ...(routine.loop ? loopInputs(routine.loop.body) : []),
  ];
  const outputs = [...results.values()].map(({ value, shape }) => matrixInfo(value, shape));
  return { bytes: encodeModel(outer.build(routine.name, inputs, outputs)), results };
}

const loopInputs = (body: Program): onnx.IValueInfoProto[] => [
  valueInfo(feeds.passes, [], 'int64'),
  ...body.scalars.map((_, index) => valueInfo(feeds.pass(index), ['passes'])),
];

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
  bindShapes(body, shapes);
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
  bindShapes(loop.body, new Map(shapes));

  const leaving = states.map((name) => own(body, results.get(name)!, entering));
  const going = loop.while
    ? body.node('Reshape', [results.get(loop.while)!.name, outer.integers([1])])[0]!
    : body.node('Identity', [condition])[0]!;
  const graph = body.build(
    'pass',
    [
      valueInfo(counter, [], 'int64'),
      valueInfo(condition, [], 'bool'),
      ...states.map((name, index) => matrixInfo(entering[index]!, shapes.get(name)!)),
    ],
    [
      valueInfo(going, loop.while ? [1] : [], 'bool'),
      ...states.map((name, index) => matrixInfo(leaving[index]!, shapes.get(name)!)),
    ],
  );
  const after = states.map((name) => names.next(name));
  const before = states.map((name) => environment.get(name)!.name);
  outer.node('Loop', [feeds.passes, outer.yes(), ...before], { body: graph }, after);
  return new Map(states.map((name, index) => [name, { name: after[index]!, inLoop: false }]));
}

/** A value that the body itself computes: what enters it or comes from outside is passed on by a node. */
const own = (body: GraphBuilder, { name, inLoop }: Value, entering: readonly string[]): string =>
  inLoop && !entering.includes(name) ? name : body.node('Identity', [name])[0]!;
