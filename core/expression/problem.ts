import { numberFunctions } from './scalars.js';

const OPERATORS: ReadonlySet<string> = new Set([
  ...Object.keys(numberFunctions),
  ...['input', 'scalar', 'constant'],
]);

/** Expressions without a problem: large ones have most of their parts in common with others. */
const sound = new WeakSet<object>();

/** What is wrong with something that ought to be an expression, or null. */
export function problemOfExpression(value: unknown): string | null {
  if (typeof value !== 'object' || value === null)
    return `gives ${shown(value)} where an expression is needed`;
  if (sound.has(value)) return null;
  const { op, args, value: constant } = value as Partial<Record<string, unknown>>;
  if (typeof op !== 'string' || !OPERATORS.has(op)) return 'gives an object that is no expression';
  if (op === 'constant' && !(typeof constant === 'number' && !Number.isNaN(constant)))
    return `has the constant ${shown(constant)}`;
  for (const arg of Array.isArray(args) ? (args as unknown[]) : []) {
    if (typeof arg !== 'object' || arg === null) return `has ${shown(arg)} where "${op}" needs an expression`;
    const problem = problemOfExpression(arg);
    if (problem !== null) return problem;
  }
  sound.add(value);
  return null;
}

const shown = (value: unknown): string => (typeof value === 'function' ? 'a function' : String(value));
