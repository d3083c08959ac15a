import { input } from '#core/expression/expression.js';
import type { Routine } from '#core/expression/routine.js';
import type { Matrix } from '#core/matrix.js';
import { inverseRoot, MOST_PASSES } from '#core/second-order/inverse-root.js';
import type { Engine } from '#engine/engine.js';
import { startEngine } from '#engine/engines.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { product, transposed } from '../core/support.js';
import { randomMatrix, relativeDifference, runOn } from '../engine/support.js';
import { combined, dense, eigen, identity, ofEigenvalues, type Dense } from './linear-algebra.js';

const SEED = 12;
const SIZE = 12;

const routines = new Map<number, Routine>();
const routineFor = (p: number): Routine => {
  const routine = routines.get(p) ?? {
    name: `root ${p}`,
    ...inverseRoot(p, input('matrix')),
    outputs: ['root'],
    numbers: ['error'],
  };
  routines.set(p, routine);
  return routine;
};

/** With eigenvalues that fall from 1 to 1/condition, in random directions. */
function conditioned(condition: number): Dense {
  const { vectors } = eigen(
    product(transposed(randomMatrix(SEED, 'm', SIZE, SIZE)), randomMatrix(SEED, 'm', SIZE, SIZE)),
  );
  const scaled = dense(SIZE, SIZE, (i, j) => vectors.data[i * SIZE + j]! * condition ** (-j / (SIZE - 1)));
  return product(scaled, transposed(vectors));
}

/** With one large eigenvalue, and without the second half of them. */
function deficient(): Dense {
  const { vectors } = eigen(conditioned(10));
  const scaled = dense(SIZE, SIZE, (i, j) => {
    if (j >= SIZE / 2) return 0;
    return vectors.data[i * SIZE + j]! * (j === 0 ? 20 : 1);
  });
  return product(scaled, transposed(vectors));
}

describe.each([
  { name: 'reference', tolerance: 1e-12, ridge: 1e-6, error: 1e-9 },
  { name: 'onnx', tolerance: 1e-6, ridge: 1e-3, error: 3e-4 },
])('inverse roots on $name', ({ name, tolerance, ridge, error }) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await startEngine(name, 1);
  });
  afterAll(() => engine.close());

  async function rootOf(matrix: Matrix, p: number, share: number, passes = MOST_PASSES) {
    const positions = dense(matrix.rows, 1, (i) => i);
    const { matrices, numbers } = await runOn(engine, {
      routine: routineFor(p),
      inputs: { matrix, positions },
      scalars: { ridge: share },
      passes: Array.from({ length: passes }, () => ({ tolerance })),
    });
    return { root: matrices['root']!, error: numbers['error']! };
  }

  const matrices: readonly (readonly [string, Dense, number])[] = [
    ['well conditioned', conditioned(10), 0],
    ['of condition 1000', conditioned(1000), 0],
    ['of very small entries', combined(1e-20, conditioned(100), 0, identity(SIZE)), 0],
    ['of large entries', combined(1e8, conditioned(100), 0, identity(SIZE)), 0],
    ['of half the rank', deficient(), ridge],
    ['a multiple of the identity', combined(3, identity(SIZE), 0, identity(SIZE)), ridge],
  ];
  const cases = matrices.flatMap(([what, matrix, share]) =>
    [1, 2, 3, 4].map((p) => ({ what, matrix, share, p })),
  );

  it.each(cases)(
    `are those of its eigenvalues, p = $p: $what (seed ${SEED})`,
    async ({ matrix, share, p }) => {
      const largest = Math.max(...eigen(matrix).values);
      const expected = ofEigenvalues(matrix, (value) => (Math.max(value, 0) + share * largest) ** (-1 / p));
      const { root, error: left } = await rootOf(matrix, p, share);
      // What rounding in A does to the root grows with the condition number.
      expect(relativeDifference(root, expected)).toBeLessThan(error);
      expect(left).toBeLessThan(error);
    },
  );

  it('end once they have converged, at most after the passes given', async () => {
    const matrix = conditioned(10);
    const [enough, more] = [await rootOf(matrix, 4, ridge, 20), await rootOf(matrix, 4, ridge, 60)];
    expect(more).toEqual(enough);
    expect((await rootOf(matrix, 4, ridge, 2)).error).toBeGreaterThan(0.1);
  });

  it('take a matrix of zeros for a multiple of the identity', async () => {
    const { root } = await rootOf(combined(0, identity(3), 0, identity(3)), 4, ridge);
    expect(root.data[0]).toBeGreaterThan(0);
    expect(relativeDifference(root, combined(root.data[0]!, identity(3), 0, identity(3)))).toBeLessThan(
      error,
    );
  });

  it('find the largest eigenvalue of a vector that ones are orthogonal to', async () => {
    // Eigenvalues 2 and 0; the ridge is a share of the 2.
    const matrix = dense(2, 2, (i, j) => (i === j ? 1 : -1));
    const { root } = await rootOf(matrix, 1, 0.5);
    const expected = ofEigenvalues(matrix, (value) => 1 / (value + 1));
    expect(relativeDifference(root, expected)).toBeLessThan(error);
  });
});
