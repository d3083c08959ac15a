import type { Matrix } from '../../core/matrix.js';
import type { EngineInfo } from '../engine.js';

/** What an engine may err whose products are TF32, which keeps 11 bits of what is multiplied: twice what that comes to. */
const TF32_TOLERANCE = 1e-2;

/** What an engine may err, relative to the largest entry expected; `float32` is for plain float32. */
export const toleranceOf = ({ precision, products }: EngineInfo, float32: number): number => {
  if (products === 'tf32') return TF32_TOLERANCE;
  return precision === 'float64' ? 1e-9 : float32;
};

/** The largest absolute difference ÷ the largest absolute value expected; Infinity for what is not finite. */
export function relativeError(actual: Matrix, expected: Matrix): number {
  let difference = 0;
  let size = 0;
  for (const [index, value] of expected.data.entries()) {
    const own = Math.abs(actual.data[index]! - value);
    if (!Number.isFinite(own)) return Infinity;
    difference = Math.max(difference, own);
    size = Math.max(size, Math.abs(value));
  }
  return size > 0 ? difference / size : difference;
}

const asMatrix = (value: number): Matrix => ({ rows: 1, columns: 1, data: Float64Array.of(value) });

/** The largest error of all tensors that were compared. */
export class Comparison {
  #error = 0;
  #worst = '';

  get error(): number {
    return this.#error;
  }

  /** Which tensor has that error. */
  get worst(): string {
    return this.#worst;
  }

  matrix(what: string, actual: Matrix, expected: Matrix): void {
    this.#note(what, relativeError(actual, expected));
  }

  /** A number that is expected but was not reported has an infinite error. */
  number(what: string, actual: number | null, expected: number): void {
    this.matrix(what, asMatrix(actual ?? NaN), asMatrix(expected));
  }

  #note(what: string, error: number): void {
    if (this.#worst !== '' && error <= this.#error) return;
    this.#error = error;
    this.#worst = what;
  }
}
