import { closest, distance } from 'fastest-levenshtein';

/** Comparing takes the product of the lengths. */
const MAX_LENGTH = 64;

/** leakyRelu, leaky-relu and leaky_relu are one name to people. */
const simplified = (name: string): string => name.toLowerCase().replaceAll(/[-_\s]/g, '');

/** The name that somebody who wrote `given` may have meant; undefined where none is close. */
export function nearMiss(given: unknown, names: readonly string[]): string | undefined {
  if (typeof given !== 'string' || given.length > MAX_LENGTH || names.length === 0) return undefined;
  const wanted = simplified(given);
  const best = closest(wanted, names.map(simplified));
  const edits = distance(wanted, best);
  if (edits > Math.max(1, Math.min(3, Math.floor(best.length / 2)))) return undefined;
  return names.find((name) => simplified(name) === best);
}
