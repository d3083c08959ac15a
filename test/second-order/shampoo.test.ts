import { shampoo, type ShampooSettings } from '#core/second-order/shampoo.js';
import type { Matrix } from '#core/matrix.js';
import type { Engine } from '#engine/engine.js';
import { startEngine } from '#engine/engines.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { columnSums, product, transposed, zip } from '../core/support.js';
import { relativeDifference } from '../engine/support.js';
import { combined, eigen, inner, ofEigenvalues } from './linear-algebra.js';
import { layerBatches, layerWith, runSteps } from './support.js';

const settings: ShampooSettings = {
  decay: 0.7,
  epsilon: 1e-6,
  graft: 'rmsprop',
  momentum: 0.8,
  updateEvery: 1,
};
const RATE = 0.05;

const zeros = (like: Matrix): Matrix => combined(0, like, 0, like);
const map = (x: Matrix, f: (value: number) => number): Matrix => ({
  ...x,
  data: Float64Array.from(x.data, f),
});

/** (M + ελI)^(−1/4). */
function inverseFourthRoot(moment: Matrix, epsilon: number): Matrix {
  const added = epsilon * Math.max(...eigen(moment).values);
  return ofEigenvalues(moment, (value) => (Math.max(value, 0) + added) ** -0.25);
}

/** The first-order rule's step, and what it keeps of the squares. */
function graftStep(
  g: Matrix,
  squares: Matrix,
  k: number,
  { graft, decay }: ShampooSettings,
): [Matrix, Matrix] {
  if (graft === 'sgd') return [g, squares];
  const sums = graft === 'adagrad' || decay === 1;
  const next = combined(
    sums ? 1 : decay,
    squares,
    sums ? 1 : 1 - decay,
    map(g, (value) => value ** 2),
  );
  const mean = map(next, (value) => (sums ? value : value / (1 - decay ** k)));
  return [zip(g, mean, (value, square) => value / (Math.sqrt(square) + 1e-10)), next];
}

const variants: readonly Partial<ShampooSettings>[] = [
  {},
  { updateEvery: 4 },
  { updateEvery: 5, graft: 'sgd' },
  { graft: 'adagrad' },
  { decay: 1, graft: 'adagrad' },
  { decay: 1, graft: 'sgd', momentum: 0 },
];

// L has no full rank, so rounding is raised by ε^(−1/4); and ε is a share of an eigenvalue that power
// iteration finds to a few digits.
describe.each([
  { name: 'reference', error: 1e-8 },
  { name: 'onnx', error: 5e-4 },
])('Shampoo on $name', ({ name, error }) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await startEngine(name, 1);
  });
  afterAll(() => engine.close());

  it.each(variants)('is what it is defined as: %o', async (variant) => {
    const own = { ...settings, ...variant };
    const { rule, state } = layerWith(shampoo(own));
    const batches = layerBatches(6);
    const steps = await runSteps(engine, rule, state, batches, RATE);

    const share = own.decay === 1 ? 1 : 1 - own.decay;
    let [left, right]: Matrix[] = [];
    let [leftRoot, rightRoot]: Matrix[] = [];
    let [weights, bias]: [Matrix, Matrix] = [state.weights, state.bias];
    let [weightMomentum, biasMomentum] = [zeros(weights), zeros(bias)];
    let [weightSquares, biasSquares] = [zeros(weights), zeros(bias)];
    for (const [k, { inputs, displacement }] of batches.entries()) {
      const g = product(transposed(inputs), displacement);
      const [rows, columns] = [product(g, transposed(g)), product(transposed(g), g)];
      left = combined(own.decay, left ?? zeros(rows), share, rows);
      right = combined(own.decay, right ?? zeros(columns), share, columns);
      if (k < 3 || k % own.updateEvery === 0) {
        [leftRoot, rightRoot] = [inverseFourthRoot(left, own.epsilon), inverseFourthRoot(right, own.epsilon)];
      }
      const [step, nextSquares] = graftStep(g, weightSquares, k + 1, own);
      const [biasStep, nextBiasSquares] = graftStep(columnSums(displacement), biasSquares, k + 1, own);
      [weightSquares, biasSquares] = [nextSquares, nextBiasSquares];
      const turned = product(product(leftRoot!, g), rightRoot!);
      const size = Math.sqrt(inner(step, step) / inner(turned, turned));
      weightMomentum = combined(own.momentum, weightMomentum, size, turned);
      biasMomentum = combined(own.momentum, biasMomentum, 1, biasStep);
      weights = combined(1, weights, -RATE, weightMomentum);
      bias = combined(1, bias, -RATE, biasMomentum);

      const { state: after } = steps[k]!;
      expect(relativeDifference(after.weights, weights)).toBeLessThan(error);
      expect(relativeDifference(after.bias, bias)).toBeLessThan(error);
    }
  });

  it('takes the size of its step from the grafted rule', async () => {
    const [batch] = layerBatches(1);
    const { rule, state } = layerWith(shampoo({ ...settings, graft: 'sgd' }));
    const [step] = await runSteps(engine, rule, state, [batch!], RATE);
    const g = product(transposed(batch!.inputs), batch!.displacement);
    const { directionWeights } = step!.direction;
    expect(inner(directionWeights!, directionWeights!) / inner(g, g)).toBeCloseTo(1, 5);
    expect(relativeDifference(directionWeights!, g)).toBeGreaterThan(0.1);
  });

  it.each(['sgd', 'adagrad', 'rmsprop'] as const)(
    'stays finite where no gradient comes: %s',
    async (graft) => {
      const batches = layerBatches(3).map((batch, step) => {
        const { displacement } = batch;
        const size = [0, 1e-22, 1][step]!;
        return { ...batch, displacement: combined(size, displacement, 0, displacement) };
      });
      const { rule, state } = layerWith(shampoo({ ...settings, graft }));
      const steps = await runSteps(engine, rule, state, batches, RATE);
      for (const { state: after } of steps) {
        expect([...after.weights.data, ...after.bias.data].every(Number.isFinite)).toBe(true);
      }
      expect(steps[0]!.state.weights.data.map(Math.fround)).toEqual(
        name === 'onnx' ? state.weights.data : Float64Array.from(state.weights.data),
      );
    },
  );
});
