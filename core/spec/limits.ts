import { isMap } from './plain-value.js';

const MAX_VALUES = 100_000;
const MAX_CHARACTERS = 2 ** 22;
const MAX_DEPTH = 32;

const foreignTypes: ReadonlySet<string> = new Set(['bigint', 'function', 'symbol']);

const entriesOf = (value: unknown): [string, unknown][] =>
  Array.isArray(value) || isMap(value) ? Object.entries(value) : [];

const lengthOf = (value: unknown): number => (typeof value === 'string' ? value.length : 0);

/**
 * Why a document is no spec whatever it says: it is too large, or holds what YAML and JSON have not;
 * undefined where it may be one. YAML's aliases let a small file name the same value often, also within
 * itself, so what counts is the document with all of them written out.
 */
export function unfitDocument(data: unknown): string | undefined {
  let values = 0;
  let characters = 0;
  let level: [string, unknown][] = [['', data]];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) return `it is more than ${MAX_DEPTH} levels deep`;
    const below: [string, unknown][] = [];
    for (const [key, value] of level) {
      values += 1;
      characters += key.length + lengthOf(value);
      if (values > MAX_VALUES) return `it has more than ${MAX_VALUES} values, with aliases written out`;
      if (characters > MAX_CHARACTERS) {
        return `it has more than ${MAX_CHARACTERS} characters, with aliases written out`;
      }
      if (foreignTypes.has(typeof value)) return `it holds a ${typeof value}`;
      for (const entry of entriesOf(value)) {
        // Before the next level is gone through, for it may be large.
        if (values + below.length > MAX_VALUES) break;
        below.push(entry);
      }
    }
    level = below;
  }
  return undefined;
}
