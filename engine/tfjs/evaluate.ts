import type { TfTensor, Tfjs } from './library.js';
import { operations } from './operations.js';
import type { Plan } from './plan.js';

export interface Reading {
  readonly environment: ReadonlyMap<string, TfTensor>;
  /** Matrices of the environment that may go once the program has read them. */
  readonly consumed: ReadonlySet<string>;
  /** Of the program's scalars. */
  readonly numbers: readonly number[];
  /** A number as a matrix [1, 1], which stays the caller's. */
  readonly asMatrix: (number: number) => TfTensor;
}

/**
 * The results of a program, by name, each a handle of its own. What it makes besides is disposed of as soon
 * as nothing reads it any more.
 */
export function evaluate(
  tf: Tfjs,
  { program, steps }: Plan,
  { environment, consumed, numbers, asMatrix }: Reading,
): Map<string, TfTensor> {
  const computed = new Map<number, TfTensor>();

  const valueOf = (at: number): TfTensor => {
    const { op, name, value, scalar } = program.instructions[at]!;
    if (op === 'input') return environment.get(name!)!;
    if (op === 'constant') return asMatrix(value!);
    if (op === 'scalar') return asMatrix(numbers[scalar!]!);
    return computed.get(at)!;
  };
  const release = (at: number): void => {
    const { name } = program.instructions[at]!;
    const isOver = computed.has(at) || (name !== undefined && consumed.has(name));
    if (isOver) valueOf(at).dispose();
    computed.delete(at);
  };

  for (const step of steps) {
    computed.set(step.at, operations[step.op](tf, step.args.map(valueOf), step));
    for (const at of step.releases) release(at);
  }

  const given = new Map<number, TfTensor>();
  /** The first name of a value gets the value itself, every other one a further handle. */
  const ownHandle = (at: number): TfTensor => {
    const own = computed.get(at);
    computed.delete(at);
    given.set(at, own ?? given.get(at) ?? valueOf(at));
    return own ?? given.get(at)!.clone();
  };
  return new Map(Object.entries(program.outputs).map(([name, at]) => [name, ownHandle(at)]));
}
