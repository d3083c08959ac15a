import { LocopropError } from '../errors/error.js';
import { isMap, showPath, type PlainMap } from './plain-value.js';

/** One `--set path=value`: keys and list positions from the top of the spec, and the parsed value. */
export interface Override {
  readonly path: readonly string[];
  readonly value: unknown;
}

/** `network.layers.2.units` or `network.layers[2].units` as keys. */
export const parsePath = (text: string): string[] => text.replaceAll(/\[(\d+)\]/g, '.$1').split('.');

/**
 * A copy of a spec with one field set; maps that are missing on the way are made. The result is for
 * `parseSpec` to check, which tells of a wrong path as of any other field.
 * @throws LocopropError SPEC_OVERRIDE_INVALID where a list has no such entry
 */
export const applyOverride = (data: unknown, { path, value }: Override): unknown =>
  setAt(data, path, 0, value);

function setAt(data: unknown, path: readonly string[], depth: number, value: unknown): unknown {
  const key = path[depth];
  if (key === undefined) return value;
  if (Array.isArray(data)) {
    const index = entryIndex(data, path, depth);
    return data.map((entry: unknown, at) => (at === index ? setAt(entry, path, depth + 1, value) : entry));
  }
  const map = asMap(data);
  const inner = Object.hasOwn(map, key) ? map[key] : undefined;
  return { ...map, [key]: setAt(inner, path, depth + 1, value) };
}

/** A part that was given by its name alone can get hyperparameters; what has no fields is replaced. */
function asMap(data: unknown): PlainMap {
  if (typeof data === 'string') return { name: data };
  return isMap(data) ? data : {};
}

function entryIndex(list: readonly unknown[], path: readonly string[], depth: number): number {
  const key = path[depth]!;
  const index = /^\d{1,9}$/.test(key) ? Number(key) : Infinity;
  if (index < list.length) return index;
  const where = showPath(path.slice(0, depth));
  const has = list.length === 0 ? 'is empty' : `has the entries 0 to ${list.length - 1}`;
  throw new LocopropError('SPEC_OVERRIDE_INVALID', {
    override: showPath(path),
    reason: `${where} ${has}, so there is no ${JSON.stringify(key)}`,
  });
}
