import { problemOfExpression } from '../expression/problem.js';
import type { Part } from './part.js';

type Rule = (...args: unknown[]) => unknown;

/** What a rule did wrong: what it threw, or what is wrong with its result. */
export type RuleFault = { readonly thrown: unknown } | { readonly problem: string };

/** Rules that may leave out what they would give. */
const OPTIONAL: ReadonlySet<string> = new Set(['localLoss value', 'regularizer weights', 'regularizer bias']);

/**
 * A part whose rules are watched: where one throws or gives something else than expressions, `fail` makes the error
 * that is thrown in its place. Rules are called far from where they were written, by code that trusts them.
 */
export function withCheckedRules(part: Part, fail: (rule: string, fault: RuleFault) => Error): Part {
  const checked = (name: string, rule: Rule): Rule => {
    const problemOf = name === 'slots' ? problemOfSlots : problemOfResult;
    return (...args) => {
      const result = resultOf(
        () => rule(...args),
        (thrown) => fail(name, { thrown }),
      );
      const isLeftOut = result === undefined && OPTIONAL.has(`${part.kind} ${name}`);
      const problem = isLeftOut ? null : problemOf(result);
      if (problem !== null) throw fail(name, { problem });
      return result;
    };
  };
  const watched = (fields: object, prefix: string): object =>
    Object.fromEntries(
      Object.entries(fields).map(([name, value]: [string, unknown]) => [
        name,
        typeof value === 'function' ? checked(prefix + name, value as Rule) : value,
      ]),
    );
  const own = watched(part, '');
  const { sample } = part as { readonly sample?: object };
  return { ...own, ...(sample && { sample: watched(sample, 'sample.') }) } as Part;
}

function resultOf(call: () => unknown, fail: (thrown: unknown) => Error): unknown {
  try {
    return call();
  } catch (thrown) {
    throw fail(thrown);
  }
}

/** An expression, or a list or an object of them. */
function problemOfResult(result: unknown): string | null {
  const isGroup = typeof result === 'object' && result !== null && !('op' in result);
  if (!isGroup) return problemOfExpression(result);
  for (const value of Object.values(result)) {
    const problem = problemOfResult(value);
    if (problem !== null) return problem;
  }
  return null;
}

function problemOfSlots(result: unknown): string | null {
  const isObject = typeof result === 'object' && result !== null;
  const isSound = isObject && Object.values(result).every((value) => typeof value === 'number');
  return isSound ? null : 'gives no object of numbers';
}
