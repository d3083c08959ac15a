import { setImmediate } from 'node:timers/promises';
import type { Matrix } from '../core/matrix.js';

/** The columns of a matrix. */
export const columnsOf = ({ rows, columns, data }: Matrix): Float64Array[] =>
  Array.from({ length: columns }, (_, column) =>
    Float64Array.from({ length: rows }, (_, row) => data[row * columns + column]!),
  );

/** The matrix [rows, vectors] of some columns. */
export const fromColumns = (vectors: readonly Float64Array[], rows: number): Matrix<Float64Array> => {
  const data = new Float64Array(rows * vectors.length);
  for (const [column, vector] of vectors.entries()) {
    for (let row = 0; row < rows; row++) data[row * vectors.length + column] = vector[row]!;
  }
  return { rows, columns: vectors.length, data };
};

export function dot(x: Float64Array, y: Float64Array): number {
  let total = 0;
  for (let i = 0; i < x.length; i++) total += x[i]! * y[i]!;
  return total;
}

/**
 * The vectors orthonormalized by Gram and Schmidt, twice, which is enough (Giraud, Langou and Rozložník,
 * 2005). A vector that depends on those before it, as where the data have fewer dimensions than there are
 * components, becomes zero: it then captures nothing.
 */
export async function orthonormalized(vectors: readonly Float64Array[]): Promise<Float64Array[]> {
  const basis: Float64Array[] = [];
  for (const vector of vectors) {
    const before = Math.sqrt(dot(vector, vector));
    const own = vector.slice();
    for (let pass = 0; pass < 2; pass++) {
      for (const other of basis) {
        const along = dot(other, own);
        for (let i = 0; i < own.length; i++) own[i]! -= along * other[i]!;
      }
    }
    const norm = Math.sqrt(dot(own, own));
    const dependent = norm <= 1e-12 * before;
    basis.push(own.map((value) => (dependent ? 0 : value / norm)));
    // With many components this takes seconds: others get their turn.
    await setImmediate();
  }
  return basis;
}
