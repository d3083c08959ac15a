import type { ContenderSpec, SearchValues } from './compare-schema.js';

/** Values of some fields of a job spec, by path. */
export type Setting = Readonly<Record<string, unknown>>;

/** Digits in which the values of a range are written. */
const DIGITS = 3;

/** The values themselves; of a range, its ends and what lies between them in equal ratios. */
export function valuesOf(values: SearchValues): readonly unknown[] {
  if (Array.isArray(values)) return values;
  const { from, to, count } = values;
  return Array.from({ length: count }, (_, i) => {
    if (i === 0 || i === count - 1) return i === 0 ? from : to;
    return Number((from * (to / from) ** (i / (count - 1))).toPrecision(DIGITS));
  });
}

/** How many settings a contender tries; 0 where it has no search. */
export const gridSize = ({ search }: ContenderSpec): number => {
  const sizes = Object.values(search).map((values) => (Array.isArray(values) ? values.length : values.count));
  return sizes.length === 0 ? 0 : sizes.reduce((product, size) => product * size, 1);
};

/** All combinations of a contender's search, the last path changing fastest; none where it has no search. */
export function gridOf({ search }: ContenderSpec): Setting[] {
  const paths = Object.entries(search);
  if (paths.length === 0) return [];
  return paths.reduce<Setting[]>(
    (settings, [path, values]) =>
      settings.flatMap((setting) => valuesOf(values).map((value) => ({ ...setting, [path]: value }))),
    [{}],
  );
}
