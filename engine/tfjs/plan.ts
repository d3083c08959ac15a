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
  /** Numbers of the values that it reads; of a product a third one, where it is multiplied by a constant. */
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
 * @param folds products take transposed arguments as they are, matrices as vectors, and a constant factor; else each of
 * these is an operation of its own
 */
export function planProgram(program: Program, folds: boolean): Plan {
  const { instructions } = program;
  const kept = new Set(Object.values(program.outputs));
  const readers = readersOf(program);
  /** Whether an instruction's value goes into nothing but instructions of that operator. */
  const goesInto = (at: number, op: Operator, axis?: Axis): boolean =>
    !kept.has(at) &&
    readers[at]!.every((reader) => instructions[reader]!.op === op && instructions[reader]!.axis === axis);
  const isFolded = (at: number): boolean => {
    if (!folds) return false;
    const { op } = instructions[at]!;
    if (op === 'transpose') return goesInto(at, 'matmul');
    if (op === 'matmul') return factorOf(at) !== undefined;
    return op === 'multiply' && goesInto(at, 'sum', 'all');
  };
  /** The constant by which a product is multiplied, where nothing else becomes of it. */
  const factorOf = (product: number): number | undefined => {
    const [reader = -1, ...others] = kept.has(product) ? [] : readers[product]!;
    const { op, args } = instructions[reader] ?? { op: null, args: [] };
    if (op !== 'multiply' || others.length > 0 || isFolded(reader)) return undefined;
    return args.find((arg) => instructions[arg]!.op === 'constant');
  };

  type Operation = Omit<Step, 'at' | 'releases'>;
  const operationOf = ({ op, args, axis }: Instruction): Operation => {
    const [x = -1, y = -1] = args;
    const folded = args.map(isFolded);
    const read = args.flatMap((arg, index) => (folded[index] ? instructions[arg]!.args : [arg]));
    const plain = { op: op as PlannedOperator, args: read, axis, transposed: [false, false] as const };
    if (op === 'matmul') return { ...plain, transposed: [folded[0]!, folded[1]!] };
    if (op === 'sum' && folded[0]) return { ...plain, op: 'sumOfProduct' };
    const product = op === 'multiply' ? [x, y].find(isFolded) : undefined;
    if (product === undefined) return plain;
    const factored = operationOf(instructions[product]!);
    return { ...factored, args: [...factored.args, factorOf(product)!] };
  };
  const steps = instructions.flatMap((instruction, at): Omit<Step, 'releases'>[] =>
    isGiven(instruction.op) || isFolded(at) ? [] : [{ at, ...operationOf(instruction) }],
  );
  return { program, steps: withReleases(steps, kept) };
}

const isGiven = (op: Operator): op is Given => op === 'input' || op === 'constant' || op === 'scalar';

/** Of each instruction those that read its value. */
function readersOf({ instructions }: Program): number[][] {
  const readers = instructions.map((): number[] => []);
  for (const [at, { args }] of instructions.entries()) for (const arg of args) readers[arg]!.push(at);
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
