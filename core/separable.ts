import { COUNTING_INPUTS } from './exact.js';
import type { Instruction, Program } from './expression/program.js';
import { compileRoutine, type CompiledRoutine, type Routine } from './expression/routine.js';

/*
 * Whether the columns of a layer may be solved apart, found from the routine itself, so that it holds for
 * the parts of plugins too. What cannot be shown to separate is taken not to.
 */

/**
 * How a value depends on the layer's columns:
 * - independent: not at all. `wide` where it may have more than one column, `tall` where more than one row.
 * - columnwise: it has a column for each of the layer's, and that depends on this column alone.
 * - mixed: in any other way.
 */
type Dependence =
  | { readonly kind: 'independent'; readonly wide: boolean; readonly tall: boolean }
  | { readonly kind: 'columnwise' }
  | { readonly kind: 'mixed' };

type Environment = ReadonlyMap<string, Dependence>;
type Loop = NonNullable<CompiledRoutine['loop']>;

const columnwise: Dependence = { kind: 'columnwise' };
const mixed: Dependence = { kind: 'mixed' };
const independent = (wide: boolean, tall: boolean): Dependence => ({ kind: 'independent', wide, tall });
const number = independent(false, false);

const isColumnwise = ({ kind }: Dependence): boolean => kind === 'columnwise';

/** Of names of matrices that are computed for all columns at once; see shared-products.ts. */
export const SHARED_PREFIX = 'shared.';

/** Of the matrices that a solve is given, by name; slots are named after their parameter. */
function ofInput(name: string): Dependence {
  if (name === 'inputs' || name.startsWith(SHARED_PREFIX)) return independent(true, true);
  if (COUNTING_INPUTS.some((own) => own === name)) return independent(false, true);
  const perColumn = /^(displacement|preactivation|(initialWeights|initialBias)(\..*)?)$/;
  return perColumn.test(name) ? columnwise : mixed;
}

function elementwise(args: readonly Dependence[]): Dependence {
  let [wide, tall, perColumn] = [false, false, false];
  for (const arg of args) {
    if (arg.kind === 'mixed') return mixed;
    if (arg.kind === 'columnwise') perColumn = true;
    else [wide, tall] = [wide || arg.wide, tall || arg.tall];
  }
  // A wide value beside a column-wise one meets each part with columns that are not the part's.
  if (perColumn) return wide ? mixed : columnwise;
  return independent(wide, tall);
}

function product(x: Dependence, y: Dependence): Dependence {
  if (x.kind !== 'independent') return mixed;
  return y.kind === 'independent' ? independent(y.wide, x.tall) : y;
}

function reduction(x: Dependence, axis: Instruction['axis']): Dependence {
  if (x.kind === 'independent') return independent(axis === 0 && x.wide, axis === 1 && x.tall);
  return axis === 0 ? x : mixed;
}

const transposed = (x: Dependence): Dependence =>
  x.kind === 'independent' ? independent(x.tall, x.wide) : mixed;

function ofInstruction(
  { op, name, axis }: Instruction,
  args: readonly Dependence[],
  environment: Environment,
): Dependence {
  const [x = mixed, y = mixed] = args;
  switch (op) {
    case 'input':
      return environment.get(name!) ?? ofInput(name!);
    case 'constant':
    case 'scalar':
      return number;
    case 'transpose':
      return transposed(x);
    case 'matmul':
      return product(x, y);
    case 'sum':
    case 'max':
      return reduction(x, axis);
    default:
      return elementwise(args);
  }
}

/** Of a program's instructions, in their order. */
function ofInstructions({ instructions }: Program, environment: Environment): Dependence[] {
  const found: Dependence[] = [];
  for (const instruction of instructions) {
    const args = instruction.args.map((arg) => found[arg]!);
    found.push(ofInstruction(instruction, args, environment));
  }
  return found;
}

/** Of a program's results, by name. */
function ofProgram(program: Program, environment: Environment): Map<string, Dependence> {
  const found = ofInstructions(program, environment);
  return new Map(Object.entries(program.outputs).map(([name, at]) => [name, found[at]!]));
}

/** What holds of a value that is now the one, now the other. */
function either(x: Dependence, y: Dependence): Dependence {
  if (x.kind === 'independent' && y.kind === 'independent') {
    return independent(x.wide || y.wide, x.tall || y.tall);
  }
  return x.kind === y.kind ? x : mixed;
}

const same = (x: Dependence, y: Dependence): boolean =>
  x.kind === 'independent' && y.kind === 'independent'
    ? x.wide === y.wide && x.tall === y.tall
    : x.kind === y.kind;

/** What holds of all names after any number of passes of a loop. */
function afterLoop({ body, while: condition }: Loop, setup: Environment): Environment {
  const states = Object.keys(body.outputs).filter((name) => name !== condition);
  const before = states.map((name) => [name, setup.get(name) ?? ofInput(name)] as const);
  let environment: Environment = new Map([...setup, ...before]);
  for (;;) {
    const next = new Map(environment);
    for (const [name, value] of ofProgram(body, environment)) {
      const earlier = environment.get(name);
      next.set(name, earlier ? either(earlier, value) : value);
    }
    // This ends: a value never goes back to what it was, and there are few that it can become.
    const known = environment;
    if ([...next].every(([name, value]) => known.has(name) && same(value, known.get(name)!))) return next;
    environment = next;
  }
}

/**
 * Whether a layer's columns can be solved apart by the routine of its local problem: the parts' outputs
 * side by side are then the whole layer's. The routine's numbers are not looked at: they are sums over the
 * columns, for the caller to add up.
 */
export const separableColumns = (routine: Routine): boolean =>
  matricesByColumn(compileRoutine(routine)) !== null;

/**
 * The matrices of the caller of which a part of the layer takes its own columns, where columns can be solved
 * apart; the others are every part's. Null where they cannot, or where there are no columns to solve for.
 */
export function matricesByColumn({
  setup,
  loop,
  final,
  inputs,
  outputs,
}: CompiledRoutine): ReadonlySet<string> | null {
  const started = ofProgram(setup, new Map());
  const looped = loop ? afterLoop(loop, started) : started;
  // A loop that ends on the state of some columns ends for them all.
  if (loop?.while && looped.get(loop.while)?.kind !== 'independent') return null;
  const results = new Map([...looped, ...ofProgram(final, looped)]);
  const separable = outputs.every((name) => isColumnwise(results.get(name) ?? ofInput(name)));
  return separable && outputs.length > 0
    ? new Set(inputs.filter((name) => isColumnwise(ofInput(name))))
    : null;
}

/** Of each instruction of a routine's setup or loop, whether it depends on the layer's columns. */
export function dependsOnColumns(program: Program, { setup, loop }: CompiledRoutine): boolean[] {
  const started = ofProgram(setup, new Map());
  const environment = loop?.body === program ? afterLoop(loop, started) : new Map<string, Dependence>();
  return ofInstructions(program, environment).map(({ kind }) => kind !== 'independent');
}
