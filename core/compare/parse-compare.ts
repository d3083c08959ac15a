import { z } from 'zod';
import type { JsonSchema } from '../spec/json-schema.js';
import { unfitDocument } from '../spec/limits.js';
import { findProblems, type Problem } from '../spec/problems.js';
import { refusedSpec } from '../spec/refused-spec.js';
import { compareSchema, type CompareSpec } from './compare-schema.js';
import { folderNameOf, REPLACED_FOLDER, SEARCH_FOLDER } from './folder-name.js';
import { gridSize } from './grid.js';

export const compareJsonSchema = (): JsonSchema =>
  z.toJSONSchema(compareSchema, { io: 'input' }) as JsonSchema;

/**
 * Checks the spec of a comparison and fills in its defaults. What its contenders set is for `parseSpec` to check.
 *
 * @param data what a YAML or JSON file holds
 * @param source what messages call it
 * @throws SpecRefusal COMPARE_INVALID, which lists every problem
 */
export function parseCompare(data: unknown, source: string): CompareSpec {
  const unfit = unfitDocument(data);
  if (unfit !== undefined) throw refusedSpec('COMPARE_INVALID', source, [unfit]);
  const { success, data: spec, error } = compareSchema.safeParse(data);
  const problems = success ? contradictions(spec) : findProblems(compareJsonSchema(), data, error.issues);
  if (!success || problems.length > 0) throw refusedSpec('COMPARE_INVALID', source, problems);
  return spec;
}

/** What each field allows and all of them together do not. */
const contradictions = (spec: CompareSpec): Problem[] => [
  ...unusableNames(spec),
  ...wrongGrids(spec),
  ...unknownReference(spec),
];

function unusableNames({ contenders }: CompareSpec): Problem[] {
  const taken = new Map<string, string>([SEARCH_FOLDER, REPLACED_FOLDER].map((name) => [name, name]));
  return contenders.flatMap(({ name }, index): Problem[] => {
    const folder = folderNameOf(name);
    const other = taken.get(folder);
    taken.set(folder, name);
    if (folder !== '' && other === undefined) return [];
    const allowed =
      folder === ''
        ? 'a name with a letter from a to z or a digit, as its folder is named by those'
        : `a name whose folder, ${folder}, is not that of ${other}`;
    return [{ path: ['contenders', index, 'name'], kind: 'not allowed', value: name, allowed }];
  });
}

function wrongGrids({ contenders, search }: CompareSpec): Problem[] {
  return contenders.flatMap((contender, index): Problem[] => {
    const size = gridSize(contender);
    if (size === 0 || size === search?.trials) return [];
    const allowed =
      search === null
        ? 'none without `search` at the top, which says its budget'
        : `a grid of ${search.trials} settings, the trials of search; this one has ${size}`;
    return [{ path: ['contenders', index, 'search'], kind: 'not allowed', value: contender.search, allowed }];
  });
}

function unknownReference({ contenders, relativeTo }: CompareSpec): Problem[] {
  const names = contenders.map(({ name }) => name);
  if (relativeTo === null || names.includes(relativeTo)) return [];
  return [{ path: ['relativeTo'], kind: 'not allowed', value: relativeTo, allowed: names.join(', ') }];
}
