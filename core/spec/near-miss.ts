import { closest, distance } from 'fastest-levenshtein';

/** The name that somebody who wrote `given` may have meant; undefined where none is close. */
export function nearMiss(given: string, names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined;
  const best = closest(given.toLowerCase(), names.slice());
  return distance(given.toLowerCase(), best.toLowerCase()) <= Math.max(2, given.length / 3)
    ? best
    : undefined;
}

/** ` (did you mean "x"?)`, or nothing. */
export function didYouMean(given: unknown, names: readonly string[]): string {
  const best = typeof given === 'string' ? nearMiss(given, names) : undefined;
  return best === undefined ? '' : ` (did you mean "${best}"?)`;
}
