import type { Matrix } from '#core/matrix.js';
import { product, transposed } from '../core/support.js';

export type Dense = Matrix<Float64Array>;

export const dense = (rows: number, columns: number, at: (row: number, column: number) => number): Dense => ({
  rows,
  columns,
  data: Float64Array.from({ length: rows * columns }, (_, index) =>
    at(Math.floor(index / columns), index % columns),
  ),
});

export const identity = (size: number): Dense => dense(size, size, (i, j) => (i === j ? 1 : 0));

/** αx + βy. */
export const combined = (alpha: number, x: Matrix, beta: number, y: Matrix): Dense => ({
  rows: x.rows,
  columns: x.columns,
  data: Float64Array.from(x.data, (value, index) => alpha * value + beta * y.data[index]!),
});

export const entry = (x: Matrix, row: number, column: number): number => x.data[row * x.columns + column]!;

export const traceOf = (x: Matrix): number =>
  Array.from({ length: x.rows }, (_, i) => entry(x, i, i)).reduce((sum, value) => sum + value, 0);

/** ⟨x, y⟩. */
export const inner = (x: Matrix, y: Matrix): number =>
  Array.from(x.data).reduce((sum, value, index) => sum + value * y.data[index]!, 0);

/** x over y. */
export const stacked = (x: Matrix, y: Matrix): Dense => ({
  rows: x.rows + y.rows,
  columns: x.columns,
  data: Float64Array.from([...x.data, ...y.data]),
});

/** x ⊗ y. */
export const kronecker = (x: Matrix, y: Matrix): Dense =>
  dense(
    x.rows * y.rows,
    x.columns * y.columns,
    (i, j) =>
      entry(x, Math.floor(i / y.rows), Math.floor(j / y.columns)) * entry(y, i % y.rows, j % y.columns),
  );

/** The solution of ax = b by Gaussian elimination with the largest pivots of each column. */
export function solved(a: Matrix, b: Matrix): Dense {
  const size = a.rows;
  const rows = Array.from({ length: size }, (_, i) => [
    ...a.data.subarray(i * size, (i + 1) * size),
    ...b.data.subarray(i * b.columns, (i + 1) * b.columns),
  ]);
  for (let k = 0; k < size; k++) {
    const order = rows.slice(k).map((row, at) => ({ at: k + at, size: Math.abs(row[k]!) }));
    const { at } = order.reduce((best, next) => (next.size > best.size ? next : best));
    [rows[k], rows[at]] = [rows[at]!, rows[k]!];
    const pivot = rows[k]!;
    for (const [i, row] of rows.entries()) {
      if (i === k) continue;
      const factor = row[k]! / pivot[k]!;
      for (const j of row.keys()) row[j]! -= factor * pivot[j]!;
    }
  }
  return dense(size, b.columns, (i, j) => rows[i]![size + j]! / rows[i]![i]!);
}

interface Eigen {
  readonly values: readonly number[];
  /** In columns. */
  readonly vectors: Dense;
}

/** Of a symmetric matrix, by cyclic Jacobi rotations (Golub and Van Loan, "Matrix computations", 8.5). */
export function eigen(symmetric: Matrix): Eigen {
  const size = symmetric.rows;
  const a = { ...symmetric, data: Float64Array.from(symmetric.data) };
  const vectors = identity(size);
  for (let sweep = 0; sweep < 20; sweep++) {
    for (let p = 0; p < size; p++) {
      for (let q = p + 1; q < size; q++) {
        const angle = 0.5 * Math.atan2(2 * entry(a, p, q), entry(a, q, q) - entry(a, p, p));
        rotateColumns(a, p, q, angle);
        rotateRows(a, p, q, angle);
        rotateColumns(vectors, p, q, angle);
      }
    }
  }
  return { values: Array.from({ length: size }, (_, i) => entry(a, i, i)), vectors };
}

function rotateColumns({ rows, columns, data }: Dense, p: number, q: number, angle: number): void {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  for (let i = 0; i < rows; i++) {
    const [x, y] = [data[i * columns + p]!, data[i * columns + q]!];
    data[i * columns + p] = c * x - s * y;
    data[i * columns + q] = s * x + c * y;
  }
}

function rotateRows({ columns, data }: Dense, p: number, q: number, angle: number): void {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  for (let j = 0; j < columns; j++) {
    const [x, y] = [data[p * columns + j]!, data[q * columns + j]!];
    data[p * columns + j] = c * x - s * y;
    data[q * columns + j] = s * x + c * y;
  }
}

/** f of a symmetric matrix: of its eigenvalues. */
export function ofEigenvalues(symmetric: Matrix, f: (value: number) => number): Dense {
  const { values, vectors } = eigen(symmetric);
  const scaled = dense(vectors.rows, vectors.columns, (i, j) => entry(vectors, i, j) * f(values[j]!));
  return product(scaled, transposed(vectors));
}
