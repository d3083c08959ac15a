import { kfac, type KfacSettings } from '#core/second-order/kfac.js';
import type { Matrix } from '#core/matrix.js';
import type { Engine } from '#engine/engine.js';
import { startEngine } from '#engine/engines.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { columnSums, product, transposed } from '../core/support.js';
import { relativeDifference } from '../engine/support.js';
import {
  combined,
  dense,
  entry,
  identity,
  inner,
  kronecker,
  solved,
  stacked,
  traceOf,
} from './linear-algebra.js';
import { layerBatches, layerWith, precisions, runSteps, type LayerBatch } from './support.js';

const settings: KfacSettings = {
  fisher: 'empirical',
  damping: 0.3,
  decay: 0.6,
  momentum: 0.8,
  updateEvery: 1,
  klClip: null,
};
const RATE = 0.05;

/** E[zzᵀ] and E[δδᵀ] of a batch, example by example. */
function moments({ inputs, displacement }: LayerBatch): { A: Matrix; G: Matrix } {
  const examples = inputs.rows;
  const z = (b: number, i: number): number => (i < inputs.columns ? entry(inputs, b, i) : 1);
  const delta = (b: number, j: number): number => examples * entry(displacement, b, j);
  const mean = (value: (b: number) => number): number =>
    Array.from({ length: examples }, (_, b) => value(b)).reduce((x, y) => x + y, 0) / examples;
  const size = inputs.columns + 1;
  return {
    A: dense(size, size, (i, j) => mean((b) => z(b, i) * z(b, j))),
    G: dense(displacement.columns, displacement.columns, (i, j) => mean((b) => delta(b, i) * delta(b, j))),
  };
}

const gradientOf = ({ inputs, displacement }: LayerBatch): Matrix =>
  stacked(product(transposed(inputs), displacement), columnSums(displacement));

/** The natural gradient by the whole damped Fisher matrix, (A + πγI) ⊗ (G + γ/π I), of row-major [∇W; ∇b]. */
function naturalGradient(A: Matrix, G: Matrix, gradient: Matrix, damping: number): Matrix {
  const pi = Math.sqrt(traceOf(A) / A.rows / (traceOf(G) / G.rows));
  const gamma = Math.sqrt(damping);
  const fisher = kronecker(
    combined(1, A, pi * gamma, identity(A.rows)),
    combined(1, G, gamma / pi, identity(G.rows)),
  );
  const asColumn = { ...gradient, rows: gradient.data.length, columns: 1 };
  return { ...gradient, data: solved(fisher, asColumn).data };
}

describe.each(precisions)('K-FAC on $name', ({ name, error }) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await startEngine(name, 1);
  });
  afterAll(() => engine.close());

  it.each([1, 4, 100])(
    'is the natural gradient of averaged factors, refreshed every %i steps',
    async (every) => {
      const { rule, state } = layerWith(kfac({ ...settings, updateEvery: every }));
      const batches = layerBatches(6);
      const steps = await runSteps(engine, rule, state, batches, RATE);

      let { A, G } = moments(batches[0]!);
      let [usedA, usedG] = [A, G];
      let weights: Matrix = stacked(state.weights, state.bias);
      let momentum: Matrix = combined(0, weights, 0, weights);
      for (const [k, batch] of batches.entries()) {
        const own = moments(batch);
        const kept = Math.min(1 - 1 / (k + 1), settings.decay);
        [A, G] = [combined(kept, A, 1 - kept, own.A), combined(kept, G, 1 - kept, own.G)];
        if (k < 3 || k % every === 0) [usedA, usedG] = [A, G];
        const gradient = gradientOf(batch);
        const direction = naturalGradient(usedA, usedG, gradient, settings.damping);
        momentum = combined(settings.momentum, momentum, 1, direction);
        weights = combined(1, weights, -RATE, momentum);

        const step = steps[k]!;
        const { directionWeights, directionBias } = step.direction;
        expect(relativeDifference(stacked(directionWeights!, directionBias!), direction)).toBeLessThan(error);
        expect(step.alignment / inner(direction, gradient)).toBeCloseTo(1, error === 1e-4 ? 3 : 9);
        expect(relativeDifference(stacked(step.state.weights, step.state.bias), weights)).toBeLessThan(error);
        expect(step.state.updates).toBe(k + 1);
      }
    },
  );

  it('keeps its inverses between two refreshes and its averages going', async () => {
    const { rule, state } = layerWith(kfac({ ...settings, updateEvery: 4 }));
    const steps = await runSteps(engine, rule, state, layerBatches(5), RATE);
    const [third, fourth, fifth] = steps.slice(2).map((step) => step.state.factors!);
    for (const factor of ['inputInverse', 'biasCoupling', 'biasInverse', 'gradientInverse']) {
      expect(fourth![factor]).toEqual(third![factor]);
      expect(fifth![factor]).not.toEqual(third![factor]);
    }
    for (const factor of ['inputMoment', 'inputMean', 'inputTrace', 'gradientMoment', 'gradientTrace']) {
      expect(fourth![factor]).not.toEqual(third![factor]);
    }
  });

  it('has the gradient of a regularizer in what is preconditioned', async () => {
    const [lambda, batches] = [0.3, layerBatches(1)];
    const { rule, state } = layerWith(kfac(settings), { regularizer: { name: 'l2', lambda } });
    const [step] = await runSteps(engine, rule, state, batches, RATE);
    const { A, G } = moments(batches[0]!);
    const noBias = { ...state.bias, data: state.bias.data.map(() => 0) };
    const gradient = combined(1, gradientOf(batches[0]!), lambda, stacked(state.weights, noBias));
    const expected = naturalGradient(A, G, gradient, settings.damping);
    const { directionWeights, directionBias } = step!.direction;
    expect(relativeDifference(stacked(directionWeights!, directionBias!), expected)).toBeLessThan(error);
  });

  it.each([
    ['inputs of zero', 0, 1],
    ['no gradient at all', 1, 0],
    ['gradients that are almost nothing', 1, 1e-20],
  ])('stays finite with %s', async (_, inputSize, gradientSize) => {
    const batches = layerBatches(2).map(({ inputs, displacement }) => ({
      inputs: combined(inputSize, inputs, 0, inputs),
      displacement: combined(gradientSize, displacement, 0, displacement),
    }));
    const { rule, state } = layerWith(kfac(settings));
    for (const { state: after } of await runSteps(engine, rule, state, batches, RATE)) {
      expect([...after.weights.data, ...after.bias.data].every(Number.isFinite)).toBe(true);
    }
  });
});

describe('the bound on the change of the distribution', () => {
  it('scales a step down to it and never up', () => {
    const { scale } = kfac({ ...settings, klClip: 0.01 });
    expect(scale(0.5, 0.1)).toBe(1);
    const clipped = scale(100, 0.1);
    expect((0.1 * clipped) ** 2 * 100).toBeCloseTo(0.01, 12);
    expect(kfac({ ...settings, klClip: null }).scale(1e9, 1)).toBe(1);
  });
});
