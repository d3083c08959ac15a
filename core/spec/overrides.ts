import { invalid } from './parse.js';
import { showPath } from './problem.js';

/** One `--set path=value`: keys and list positions from the top of the spec, and the parsed value. */
export interface Override {
  readonly path: readonly string[];
  readonly value: unknown;
}

/** `network.layers.2.units` or `network.layers[2].units` as keys. */
export const parsePath = (text: string): string[] => text.replaceAll(/\[(\d+)\]/g, '.$1').split('.');

type Container = Record<string, unknown>;

const isContainer = (value: unknown): value is Container => typeof value === 'object' && value !== null;

/** A copy of a spec with one field set; what is missing on the way is made. The result is not checked. */
export function applyOverride(data: unknown, { path, value }: Override): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  const container: unknown = isContainer(data) ? data : {};
  if (Array.isArray(container)) {
    const index = Number(key);
    if (!/^\d+$/.test(key) || index >= container.length) {
      throw invalid([`${showPath(path)}: the list has entries 0 to ${container.length - 1}, not "${key}"`]);
    }
    return container.map((entry: unknown, at) =>
      at === index ? applyOverride(entry, { path: rest, value }) : entry,
    );
  }
  // A part that was given by its name alone gets settings.
  const named: Container =
    typeof data === 'string' && rest.length === 0 && key !== 'name'
      ? { name: data }
      : (container as Container);
  return { ...named, [key]: applyOverride(named[key], { path: rest, value }) };
}
