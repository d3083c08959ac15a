import type { z } from 'zod';
import { didYouMean } from './near-miss.js';

type Path = readonly PropertyKey[];

/** `network.layers[2].units`. */
export const showPath = (path: Path): string =>
  path.reduce<string>((shown, key) => {
    if (typeof key === 'number') return `${shown}[${key}]`;
    return shown === '' ? String(key) : `${shown}.${String(key)}`;
  }, '') || 'the spec';

const MAX_SHOWN = 60;

/** A value as it may stand in a message. */
export function showValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

export function valueAt(data: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    data,
  );
}

const list = (values: readonly unknown[]): string => values.map((value) => String(value)).join(', ');

/** What zod found wrong, a line each: path, value, what is allowed, a near miss. */
export function describeIssue(
  issue: z.core.$ZodIssue,
  data: unknown,
  knownKeys: (path: Path) => readonly string[],
): string[] {
  const where = showPath(issue.path);
  const given = valueAt(data, issue.path);
  const but = given === undefined ? 'is missing' : `is ${showValue(given)}`;
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => {
        const known = knownKeys(issue.path);
        const place = issue.path.length === 0 ? '' : ` in ${where}`;
        return `"${key}" is not a field${place}${didYouMean(key, known)}; allowed: ${list(known)}`;
      });
    case 'invalid_value':
      return [
        `${where} ${but}; allowed: ${list(issue.values)}${didYouMean(given, issue.values.map(String))}`,
      ];
    case 'invalid_union': {
      const names = knownKeys([...issue.path, DISCRIMINATOR]);
      return [`${where} ${but}; allowed: ${list(names)}${didYouMean(given, names)}`];
    }
    case 'too_small':
      return [
        `${where} ${but}; it must be ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`,
      ];
    case 'too_big':
      return [
        `${where} ${but}; it must be ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}`,
      ];
    case 'invalid_type':
      return [
        `${where} ${but}; it must be ${issue.expected === 'int' ? 'a whole number' : `a ${issue.expected}`}`,
      ];
    default:
      return [`${where} ${but}; ${issue.message}`];
  }
}

/** Stands, in a path, for the name that tells the variants of a union apart. */
export const DISCRIMINATOR = Symbol('discriminator');
