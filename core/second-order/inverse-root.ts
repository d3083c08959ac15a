import {
  abs,
  add,
  divide,
  equals,
  greater,
  input,
  matmul,
  max,
  maximum,
  multiply,
  power,
  scalar,
  sqrt,
  square,
  subtract,
  sum,
  transpose,
  where,
  type Bindings,
  type Expression,
} from '../expression/expression.js';
import type { Routine } from '../expression/routine.js';

/*
 * X = (A + ρλI)^(−1/p) of a symmetric A without negative eigenvalues, λ its largest one, in matrix products
 * alone: the coupled Newton iteration of Guo and Higham, "A Schur–Newton method for the matrix pth root and
 * its inverse" (2006), after Iannazzo, as Anil et al., "Scalable second order optimization for deep learning"
 * (2020), use it for Shampoo. With X₀ = z^(1/p) I and M₀ = zA,
 *
 *     T = ((p + 1)I − M)/p,   X ← XT,   M ← TᵖM
 *
 * keeps M = XᵖA, and M tends to I where the eigenvalues of M₀ lie within (0, p + 1): so
 * z = (p + 1)/(2‖A‖), in the Frobenius norm. While an eigenvalue of M is small, it grows by (1 + 1/p)ᵖ in each
 * pass; near 1 the error is squared.
 *
 * Inputs: positions, 0 to n − 1 [n, 1]. Scalars: ridge, ρ; and of each pass tolerance, the largest entry of
 * |M − I| to end at.
 */

/** What is 0 is taken for this where it divides. */
export const SMALLEST = 1e-30;

/** More than any matrix that float32 can resolve needs: an eigenvalue grows by at least 2 in each pass. */
export const MOST_PASSES = 60;

/** From any start that is not orthogonal to the eigenvector, each multiplies what is beside it by λ₂/λ₁. */
const POWER_ITERATIONS = 20;

const positions = input('positions');
const identity = input('identity');
const residual = input('residual');

/** I [n, n]. */
export const identityMatrix: Expression = where(equals(positions, transpose(positions)), 1, 0);

/** Frobenius'. */
export const norm = (x: Expression): Expression => sqrt(sum(square(x), 'all'));

/**
 * The largest eigenvalue, by power iteration. What it finds is never too large, and no less than the largest
 * diagonal entry, which bounds it from below.
 */
function largestEigenvalue(matrix: Expression): Expression {
  // Rows of unlike weights: a vector of ones is orthogonal to too many eigenvectors.
  let vector: Expression = multiply(sum(abs(matrix), 1), add(positions, 1));
  let unit = vector;
  for (let pass = 0; pass < POWER_ITERATIONS; pass++) {
    unit = divide(vector, maximum(max(abs(vector), 'all'), SMALLEST));
    vector = matmul(matrix, unit);
  }
  const diagonal = max(multiply(identityMatrix, matrix), 'all');
  const growth = divide(norm(vector), maximum(norm(unit), SMALLEST));
  return maximum(maximum(diagonal, growth), SMALLEST);
}

/** xᵖ by squaring. */
function matrixPower(x: Expression, exponent: number): Expression {
  if (exponent === 1) return x;
  const half = matrixPower(x, Math.floor(exponent / 2));
  const even = matmul(half, half);
  return exponent % 2 === 0 ? even : matmul(even, x);
}

const asNumber = (condition: Expression): Expression => where(condition, 1, 0);
const both = (x: Expression, y: Expression): Expression => greater(multiply(asNumber(x), asNumber(y)), 0.5);
const either = (x: Expression, y: Expression): Expression => greater(add(asNumber(x), asNumber(y)), 0.5);

/**
 * A routine's sections that bind `root` [n, n] to the inverse p-th root of a matrix, and `error` [1, 1] to
 * the largest entry of |XᵖA − I|.
 */
export function inverseRoot(p: number, matrix: Expression): Required<Pick<Routine, 'setup' | 'loop'>> {
  const largest = largestEigenvalue(matrix);
  // Of a matrix of very small entries, the squares in the norm would be 0.
  const scaled = add(divide(matrix, largest), multiply(scalar('ridge'), identityMatrix));
  const start = divide((p + 1) / 2, norm(scaled));
  const errorOf = (m: Expression, unit: Expression): Expression => max(abs(subtract(m, unit)), 'all');
  const first = multiply(start, scaled);
  const setup: Bindings = {
    identity: identityMatrix,
    root: multiply(power(divide(start, largest), 1 / p), identityMatrix),
    residual: first,
    error: errorOf(first, identityMatrix),
  };

  const factor = divide(subtract(multiply(p + 1, identity), residual), p);
  const next = matmul(matrixPower(factor, p), residual);
  const error = errorOf(next, identity);
  // Near the end the error is squared: where it is not even halved, what is left is rounding.
  const falling = either(greater(error, 0.1), greater(multiply(0.5, input('error')), error));
  const going = both(greater(error, scalar('tolerance')), falling);
  return {
    setup,
    loop: { body: { root: matmul(input('root'), factor), residual: next, error, going }, while: 'going' },
  };
}
