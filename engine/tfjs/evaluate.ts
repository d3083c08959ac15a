import type { Plan, Step } from './plan.js';

/** What a program is evaluated with: matrices that are computed, or nodes of a graph that will compute them. */
export interface Arithmetic<Value> {
  /** A number as a matrix [1, 1], which is not disposed of here. */
  readonly number: (number: number) => Value;
  readonly compute: (args: readonly Value[], step: Step) => Value;
  readonly dispose: (value: Value) => void;
  /** Another handle of the same value. */
  readonly clone: (value: Value) => Value;
}

export interface Reading<Value> {
  readonly environment: ReadonlyMap<string, Value>;
  /** Matrices of the environment that may go once the program has read them. */
  readonly consumed: ReadonlySet<string>;
  /** One of the program's scalars as a matrix [1, 1], which stays the caller's. */
  readonly scalar: (index: number) => Value;
}

/**
 * The results of a program, by name, each a handle of its own. What it makes besides is disposed of as soon
 * as nothing reads it any more.
 */
export function evaluate<Value>(
  { number, compute, dispose, clone }: Arithmetic<Value>,
  { program, steps }: Plan,
  { environment, consumed, scalar: scalarOf }: Reading<Value>,
): Map<string, Value> {
  const computed = new Map<number, Value>();

  const valueOf = (at: number): Value => {
    const { op, name, value, scalar } = program.instructions[at]!;
    if (op === 'input') return environment.get(name!)!;
    if (op === 'constant') return number(value!);
    if (op === 'scalar') return scalarOf(scalar!);
    return computed.get(at)!;
  };
  const release = (at: number): void => {
    const { name } = program.instructions[at]!;
    const isOver = computed.has(at) || (name !== undefined && consumed.has(name));
    if (isOver) dispose(valueOf(at));
    computed.delete(at);
  };

  for (const step of steps) {
    computed.set(step.at, compute(step.args.map(valueOf), step));
    for (const at of step.releases) release(at);
  }

  const given = new Map<number, Value>();
  /** The first name of a value gets the value itself, every other one a further handle. */
  const ownHandle = (at: number): Value => {
    const own = computed.get(at);
    computed.delete(at);
    given.set(at, own ?? given.get(at) ?? valueOf(at));
    return own ?? clone(given.get(at)!);
  };
  return new Map(Object.entries(program.outputs).map(([name, at]) => [name, ownHandle(at)]));
}
