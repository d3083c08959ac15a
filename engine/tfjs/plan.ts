import type { Axis, Operator } from '../../core/expression/expression.js';
import type { Instruction, Program } from '../../core/expression/program.js';

/** What has no value of its own to compute. */
type Given = 'input' | 'constant' | 'scalar';
/** `sumOfProduct` is a sum over all entries of x · y, without a matrix of the products. */
export type PlannedOperator = Exclude<Operator, Given> | 'sumOfProduct';

/** An operation to carry out. */
export interface Step {
  /** The number of its value, as of the instruction that it comes from. */
  readonly at: number;
  readonly op: PlannedOperator;
  /** Numbers of the values that it reads. */
  readonly args: readonly number[];
  readonly axis: Axis | undefined;
  /** Of a product: which of its arguments it takes transposed. */
  readonly transposed: readonly [boolean, boolean];
  /** Values that nothing reads after this step, given ones too, and that are no results. */
  readonly releases: readonly number[];
}

export interface Plan {
  readonly program: Program;
  readonly steps: readonly Step[];
}

/**
 * The order in which a program's values are computed and released.
 * @param folds products take transposed arguments as they are, and matrices as vectors; else what they read
 * is formed
 */
export function planProgram(program: Program, folds: boolean): Plan {
  const { instructions } = program;
  const kept = new Set(Object.values(program.outputs));
  const readers = readersOf(program);
  /** Whether an instruction's value goes into nothing but instructions of that operator. */
  const goesInto = (at: number, op: Operator, axis?: Axis): boolean =>
    !kept.has(at) && readers[at]!.every((reader) => reader.op === op && reader.axis === axis);
  const isFolded = (at: number): boolean => {
    if (!folds) return false;
    const { op } = instructions[at]!;
    if (op === 'transpose') return goesInto(at, 'matmul');
    return op === 'multiply' && goesInto(at, 'sum', 'all');
  };

  const steps = instructions.flatMap(({ op, args, axis }, at): Omit<Step, 'releases'>[] => {
    if (isGiven(op) || isFolded(at)) return [];
    const folded = args.map(isFolded);
    const [x = false, y = false] = folded;
    return [
      {
        at,
        op: op === 'sum' && x ? 'sumOfProduct' : op,
        args: args.flatMap((arg, index) => (folded[index] ? instructions[arg]!.args : [arg])),
        axis,
        transposed: [x, y],
      },
    ];
  });
  return { program, steps: withReleases(steps, kept) };
}

const isGiven = (op: Operator): op is Given => op === 'input' || op === 'constant' || op === 'scalar';

function readersOf({ instructions }: Program): Instruction[][] {
  const readers = instructions.map((): Instruction[] => []);
  for (const instruction of instructions) for (const arg of instruction.args) readers[arg]!.push(instruction);
  return readers;
}

function withReleases(steps: readonly Omit<Step, 'releases'>[], kept: ReadonlySet<number>): Step[] {
  const lastReader = new Map<number, number>();
  for (const { at, args } of steps) for (const arg of args) lastReader.set(arg, at);
  return steps.map((step) => ({
    ...step,
    releases: [...new Set(step.args)].filter((arg) => lastReader.get(arg) === step.at && !kept.has(arg)),
  }));
}
