import { isMap, showPath, showValue, type Path } from './plain-value.js';

/** A field that two specs have different values of. */
export interface Difference {
  readonly path: Path;
  readonly before: unknown;
  readonly after: unknown;
}

const keysOf = (value: unknown): string[] | null =>
  isMap(value) || Array.isArray(value) ? Object.keys(value) : null;

const entryOf = (value: unknown, key: string): unknown =>
  Object.hasOwn(value as object, key) ? (value as Record<string, unknown>)[key] : undefined;

/** The fields, innermost ones, in which two documents differ. */
export function differences(before: unknown, after: unknown, path: Path = []): Difference[] {
  if (Object.is(before, after)) return [];
  const keys = keysOf(before);
  const others = keysOf(after);
  if (keys === null || others === null || Array.isArray(before) !== Array.isArray(after)) {
    return [{ path, before, after }];
  }
  return [...new Set([...keys, ...others])].flatMap((key) =>
    differences(entryOf(before, key), entryOf(after, key), [...path, key]),
  );
}

/** `training.epochs: 10, now 12`. */
export const showDifference = ({ path, before, after }: Difference): string =>
  `${showPath(path)}: ${showValue(before)}, now ${showValue(after)}`;
