import type { Matrix } from '../../core/matrix.js';
import { cooperate } from '../datasets/cooperate.js';
import { bitsOf } from './float-bytes.js';

/*
 * bfloat16 is the upper half of a float32. Rounding to nearest, ties to even, adds just under half of the
 * last bit that is kept, and that bit; a NaN keeps its upper bits and is made quiet, lest it turn into an
 * infinity.
 */

/** Entries that are converted before other work may run: about 2 ms. */
const STEP = 1 << 20;

const ABSOLUTE = 0x7fff_ffff;
const INFINITY = 0x7f80_0000;
const QUIET = 0x40;

const rounded = (bits: number): number =>
  (bits & ABSOLUTE) > INFINITY ? (bits >>> 16) | QUIET : (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;

/** Rounds all of `source` into the beginning of `target`. */
export function toBfloat16(source: Float32Array, target: Uint16Array): void {
  const bits = bitsOf(source);
  for (let i = 0; i < bits.length; i++) target[i] = rounded(bits[i]!);
}

/** Widens all of `source` into the beginning of `target`. */
export function fromBfloat16(source: Uint16Array, target: Float32Array): void {
  const bits = bitsOf(target);
  for (let i = 0; i < source.length; i++) bits[i] = source[i]! << 16;
}

type Floats = Matrix<Float32Array>;

function inSteps(
  { rows, columns, data }: Floats,
  fill: (target: Float32Array, start: number, end: number) => void,
): Promise<Floats> {
  const target = new Float32Array(data.length);
  return cooperate(
    (function* () {
      for (let start = 0; start < data.length; start += STEP) {
        fill(target, start, Math.min(start + STEP, data.length));
        yield;
      }
      return { rows, columns, data: target };
    })(),
  );
}

/** The matrix as a receiver of its bfloat16 entries has it. */
export const roundToBfloat16 = (matrix: Floats): Promise<Floats> =>
  inSteps(matrix, (target, start, end) => {
    const source = bitsOf(matrix.data);
    const bits = bitsOf(target);
    for (let i = start; i < end; i++) bits[i] = rounded(source[i]!) << 16;
  });

/** What is sent of weights that were `before` and are `after`: bf16(W′ − W), as float32. */
export const differencesOf = async (after: Floats, before: Floats): Promise<Floats> => {
  requireSameShape(after, before);
  return inSteps(after, (target, start, end) => {
    const bits = bitsOf(target);
    for (let i = start; i < end; i++) target[i] = after.data[i]! - before.data[i]!;
    for (let i = start; i < end; i++) bits[i] = rounded(bits[i]!) << 16;
  });
};

/**
 * The weights that both ends go on with: fround(W + bf16(W′ − W)). One addition in float32 of the same
 * numbers, so both have the same bits.
 */
export const addDifferences = async (before: Floats, differences: Floats): Promise<Floats> => {
  requireSameShape(before, differences);
  return inSteps(before, (target, start, end) => {
    for (let i = start; i < end; i++) target[i] = before.data[i]! + differences.data[i]!;
  });
};

function requireSameShape(a: Floats, b: Floats): void {
  if (a.rows === b.rows && a.columns === b.columns && a.data.length === b.data.length) return;
  throw new RangeError(`shapes differ: ${a.rows}×${a.columns} and ${b.rows}×${b.columns}`);
}
