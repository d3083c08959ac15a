import type { z } from 'zod';
import { allowedAt, wordsAt } from './allowed.js';
import { alternatives, fieldsOf, meantAlternatives, schemasAt, type JsonSchema } from './json-schema.js';
import { nearMiss } from './near-miss.js';
import { isMap, showPath, showValue, valueAt, type Path } from './plain-value.js';

/** One thing that is wrong with a spec. */
export interface Problem {
  readonly path: Path;
  readonly kind: 'unknown field' | 'missing' | 'not allowed';
  /** The value given. */
  readonly value?: unknown;
  /** What may stand there, in words. */
  readonly allowed: string;
  /** What was probably meant. */
  readonly near?: string | undefined;
}

/** One line: path, value, what is allowed, a near miss. */
export function showProblem({ path, kind, value, allowed, near }: Problem): string {
  const where = path.length === 0 ? 'the spec' : showPath(path);
  const what = {
    'unknown field': 'is no field',
    missing: 'is missing',
    'not allowed': `is ${showValue(value)}`,
  };
  return `${where} ${what[kind]}; allowed: ${allowed}${near === undefined ? '' : ` (did you mean "${near}"?)`}`;
}

function unknownFields(root: JsonSchema, data: unknown, path: Path, keys: readonly string[]): Problem[] {
  const schemas = schemasAt(root, path, data);
  const fields = fieldsOf(root, schemas, valueAt(data, path));
  const allFields = fieldsOf(
    root,
    schemas.flatMap((schema) => alternatives(root, schema)),
    undefined,
  );
  return keys.map((key) => ({
    path: [...path, key],
    kind: 'unknown field',
    allowed: fields.join(', '),
    // A field of another alternative is the likely one only where none was chosen.
    near:
      nearMiss(key, fields) ??
      nearMiss(
        key,
        allFields.filter((field) => field !== key),
      ),
  }));
}

/** What is wrong with a value that is there or should be. */
function wrongValue(root: JsonSchema, data: unknown, path: Path): Problem {
  const schemas = schemasAt(root, path, data);
  const value = valueAt(data, path);
  if (value !== undefined || path.length === 0) {
    const near = nearMiss(value, wordsAt(root, schemas));
    return { path, kind: 'not allowed', value, allowed: allowedAt(root, schemas), near };
  }
  const above = path.slice(0, -1);
  const maps = schemasAt(root, above, data).flatMap((schema) =>
    meantAlternatives(root, schema, valueAt(data, above)),
  );
  // Where another field would do as well, what is wrong is the map.
  const isOnlyWay = maps.every(({ properties }) => properties?.[String(path.at(-1))] !== undefined);
  return isOnlyWay
    ? { path, kind: 'missing', allowed: allowedAt(root, schemas) }
    : wrongValue(root, data, above);
}

function problemsOf(root: JsonSchema, data: unknown, issue: z.core.$ZodIssue): Problem[] {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys') return unknownFields(root, data, path, issue.keys);
  const problem = wrongValue(root, data, path);
  const above = path.slice(0, -1);
  const parent = valueAt(data, above);
  // Without the field that tells the alternatives of a union apart, the other fields were not looked at.
  if (issue.code !== 'invalid_union' || problem.kind !== 'missing' || !isMap(parent)) return [problem];
  const known = fieldsOf(root, schemasAt(root, above, data), parent);
  const unknown = Object.keys(parent).filter((key) => !known.includes(key));
  return [problem, ...unknownFields(root, data, above, unknown)];
}

/** Whether something is missing only because a field is misspelt. */
function isMisspelt({ path, kind, value }: Problem, all: readonly Problem[]): boolean {
  const isMissing = kind === 'missing';
  if (!isMissing && !isMap(value)) return false;
  const map = showPath(isMissing ? path.slice(0, -1) : path);
  return all.some(
    (other) =>
      other.kind === 'unknown field' &&
      other.near !== undefined &&
      showPath(other.path.slice(0, -1)) === map &&
      (!isMissing || other.near === path.at(-1)),
  );
}

/** What zod found wrong with a spec in the long form, in the words of the spec's schema. */
export function findProblems(
  root: JsonSchema,
  data: unknown,
  issues: readonly z.core.$ZodIssue[],
): Problem[] {
  const problems = issues.flatMap((issue) => problemsOf(root, data, issue));
  return problems.filter((problem) => !isMisspelt(problem, problems));
}
