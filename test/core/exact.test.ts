import { countingInputs, exactRoutine, sweepPasses } from '#core/exact.js';
import type { Matrix } from '#core/matrix.js';
import { describe, expect, it } from 'vitest';
import { randomMatrix } from '../engine/support.js';
import { columnSums, expectClose, product, run, total, transposed, zip } from './support.js';

const SEED = 4;
const UNITS = 3;

const zeros = (rows: number, columns: number): Matrix => ({
  rows,
  columns,
  data: new Float64Array(rows * columns),
});

describe('the exact solution', () => {
  interface Problem {
    readonly Z: Matrix;
    readonly displacement: Matrix;
    readonly eta: number;
  }

  async function solveExactly({ Z, displacement, eta }: Problem): Promise<Record<string, Matrix>> {
    const [weights, bias] = [zeros(Z.columns, UNITS), zeros(1, UNITS)];
    return run(exactRoutine, {
      inputs: {
        inputs: Z,
        displacement,
        ...countingInputs(Z.columns),
        initialWeights: weights,
        initialBias: bias,
      },
      scalars: { examples: Z.rows, eta },
      passes: sweepPasses(Z.columns, 1e-14),
    });
  }

  const problem = (
    rows: number,
    columns: number,
    eta: number,
    change = (x: number, _: number): number => x,
  ): Problem => {
    const Z = randomMatrix(SEED, 'exact', rows, columns);
    return {
      Z: { ...Z, data: Z.data.map((value, index) => change(value, index % columns)) },
      displacement: randomMatrix(SEED, 'residual', rows, UNITS),
      eta,
    };
  };

  const problems: Record<string, Problem> = {
    'more examples than inputs': problem(12, 5, 0.5),
    'fewer examples than inputs': problem(4, 9, 2),
    'one example, one input': problem(1, 1, 10),
    'a weak regularizer': problem(30, 20, 1e4),
    'a strong regularizer': problem(30, 20, 1e-4),
    'inputs far from zero': problem(20, 6, 1, (x) => x + 100),
    'an input that is always zero': problem(10, 4, 3, (x, column) => (column === 2 ? 0 : x)),
    'inputs of very different size': problem(20, 6, 1, (x, column) => x * 10 ** (column - 3)),
    'inputs that are nearly the same': problem(20, 4, 100, (x, column) => (column < 2 ? 1 + 1e-4 * x : x)),
  };

  // J = ½‖R⁰ + ZΔ + δ‖² + (‖Δ‖² + ‖δ‖²)/2η, whose gradient the solution makes zero.
  it.each(Object.keys(problems))('leaves no gradient (seed 4): %s', async (name) => {
    const { Z, displacement, eta } = problems[name]!;
    const solved = await solveExactly(problems[name]!);
    const [delta, shift] = [solved['weights']!, solved['bias']!];
    const residual = zip(
      zip(product(Z, delta), displacement, (x, y) => x + y),
      shift,
      (x, y) => x + y,
    );
    const own = product(transposed(Z), residual);
    const scale = Math.max(...product(transposed(Z), displacement).data.map(Math.abs), 1);
    expectClose(
      zip(own, delta, (g, moved) => (g + moved / eta) / scale),
      zeros(Z.columns, UNITS),
      1e-12,
    );
    expectClose(
      zip(columnSums(residual), shift, (g, moved) => (g + moved / eta) / scale),
      zeros(1, UNITS),
      1e-12,
    );

    const squares = (x: Matrix): number => total(zip(x, x, (left, right) => left * right));
    const objective = squares(residual) / 2 + (squares(delta) + squares(shift)) / (2 * eta);
    expect(total(solved['objectiveAfter']!)).toBeCloseTo(objective / Z.rows, 10);
    expect(total(solved['objectiveBefore']!)).toBeCloseTo(squares(displacement) / 2 / Z.rows, 10);
    expect(total(solved['objectiveAfter']!)).toBeLessThan(total(solved['objectiveBefore']!));
  });
});
