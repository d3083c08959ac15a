import { emptyProgram, type Instruction, type Program } from './expression/program.js';
import { inputsOf, type CompiledRoutine } from './expression/routine.js';
import { dependsOnColumns, SHARED_PREFIX } from './separable.js';

/** A routine in two: what is the same for every column, and what is computed for each. */
export interface SharedProducts {
  /** Its outputs are inputs of `perColumn`; null where nothing is shared. */
  readonly shared: CompiledRoutine | null;
  readonly perColumn: CompiledRoutine;
}

/**
 * Takes the products of matrices that do not depend on the layer's columns, as XᵀX of the Gram form, out of a
 * routine: who solves columns apart would compute them for each part. Null where a loop has some.
 */
export function withoutSharedProducts(routine: CompiledRoutine): SharedProducts | null {
  const { name, setup, loop, final, outputs, numbers } = routine;
  if (loop && sharedOf(loop.body, routine).length > 0) return null;
  const shared = sharedOf(setup, routine);
  if (shared.length === 0) return { shared: null, perColumn: routine };
  const names = new Map(shared.map((at, index) => [at, `${SHARED_PREFIX}${index}`]));
  const ofShared = slice(setup, Object.fromEntries(Array.from(names, ([at, own]) => [own, at])), new Map());
  const rest = slice(setup, setup.outputs, names);
  return {
    shared: {
      ...{ name: `what columns share of ${name}`, setup: ofShared, loop: null, final: emptyProgram },
      ...{ outputs: [...names.values()], numbers: [], inputs: ofShared.inputs },
    },
    perColumn: { ...routine, setup: rest, inputs: inputsOf({ setup: rest, loop, final, outputs, numbers }) },
  };
}

/** The last instructions that no column has a part in and that multiply matrices. */
function sharedOf(program: Program, routine: CompiledRoutine): number[] {
  const { instructions, outputs } = program;
  const ofColumns = dependsOnColumns(program, routine);
  const multiplies: boolean[] = [];
  for (const [at, { op, args }] of instructions.entries()) {
    multiplies.push(!ofColumns[at] && (op === 'matmul' || args.some((arg) => multiplies[arg])));
  }
  const read = new Set(Object.values(outputs));
  instructions.forEach(({ args }, at) => {
    if (!multiplies[at]) for (const arg of args) read.add(arg);
  });
  return [...read].filter((at) => multiplies[at]);
}

/**
 * The instructions that some results need.
 * @param outputs the instruction of each
 * @param supplied instructions that become inputs of these names
 */
function slice(
  program: Program,
  outputs: Program['outputs'],
  supplied: ReadonlyMap<number, string>,
): Program {
  const instructions: Instruction[] = [];
  const places = new Map<number, number>();
  const place = (at: number): number => {
    const known = places.get(at);
    if (known !== undefined) return known;
    const name = supplied.get(at);
    const own = program.instructions[at]!;
    const instruction: Instruction =
      name === undefined ? { ...own, args: own.args.map(place) } : { op: 'input', args: [], name };
    places.set(at, instructions.push(instruction) - 1);
    return instructions.length - 1;
  };
  const placed = Object.fromEntries(Object.entries(outputs).map(([name, at]) => [name, place(at)]));
  const inputs = instructions.flatMap(({ name }) => (name === undefined ? [] : [name]));
  return { instructions, scalars: program.scalars, outputs: placed, inputs };
}
