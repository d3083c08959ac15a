import type uPlot from 'uplot';

/** Distances of ticks where there is nothing between whole numbers. */
export const WHOLE_STEPS: number[] = Array.from({ length: 12 }, (_, power) =>
  [1, 2, 5].map((digit) => digit * 10 ** power),
).flat();

/** A little more than the values take, and not up to the next power of ten. */
export const logRange = (
  _chart: uPlot,
  min: number | null,
  max: number | null,
): [number, number] | [null, null] =>
  min === null || max === null || min <= 0 ? [null, null] : [min / 1.06, max * 1.06];

/** Below this ratio, ticks lie as on a linear axis. */
const NARROW = 5;
/** Above this one, powers of ten are enough. */
const WIDE = 10_000;
const TICKS = 5;

/** Where a logarithmic axis has its ticks. */
export function logTicks(min: number, max: number): number[] {
  if (!(min > 0) || !(max > min)) return [];
  if (max / min < NARROW) {
    const step = niceStep((max - min) / TICKS);
    const first = Math.ceil(min / step);
    const count = Math.floor(max / step) - first + 1;
    return Array.from({ length: count }, (_, index) => rounded((first + index) * step));
  }
  const from = Math.floor(Math.log10(min));
  const powers = Array.from({ length: Math.ceil(Math.log10(max)) - from + 1 }, (_, index) => from + index);
  const digits = max / min > WIDE ? [1] : [1, 2, 5];
  return powers
    .flatMap((power) => digits.map((digit) => rounded(digit * 10 ** power)))
    .filter((tick) => tick >= min && tick <= max);
}

/** 1, 2 or 5 times a power of ten, at least as large. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5].find((digit) => digit * power >= least) ?? 10);
}

const rounded = (value: number): number => Number(value.toPrecision(12));
