import { slotInitials, slotNames, solveRoutine, type SolveOptions } from '#core/local-problem.js';
import { activate, type LayerRule } from '#core/layer.js';
import type { Matrix } from '#core/matrix.js';
import { localFactor } from '#core/schedules.js';
import { input } from '#core/expression/expression.js';
import { describe, expect, it } from 'vitest';
import { optimizerChoices, randomMatrix, ruleOf, type RuleChoice } from '../engine/support.js';
import {
  columnSums,
  evaluate,
  expectClose,
  numericGradient,
  product,
  run,
  total,
  transposed,
  zip,
} from './support.js';

const SEED = 4;
const [EXAMPLES, INPUTS, UNITS] = [7, 4, 3];

const X = randomMatrix(SEED, 'inputs', EXAMPLES, INPUTS);
const T = randomMatrix(SEED, 'target', EXAMPLES, UNITS, 0.5);

interface Point {
  readonly weights: Matrix;
  readonly bias: Matrix;
}
const start: Point = {
  weights: randomMatrix(SEED, 'weights', INPUTS, UNITS),
  bias: randomMatrix(SEED, 'bias', 1, UNITS),
};

const filled = (like: Matrix, value: number): Matrix => ({ ...like, data: like.data.map(() => value) });
const preactivationOf = ({ weights, bias }: Point): Matrix => zip(product(X, weights), bias, (x, y) => x + y);

/** R⁰ = output − T. */
async function displacementAt(rule: LayerRule, point: Point): Promise<Matrix> {
  const a = preactivationOf(point);
  const { y } = await evaluate({ y: activate(rule.transfer, input('a')).y }, { a });
  const output = rule.localLoss.part.output === 'preactivation' ? a : y!;
  return zip(output, T, (reached, target) => reached - target);
}

/** Solves from `point` towards T. */
async function solve(
  rule: LayerRule,
  point: Point,
  options: Partial<SolveOptions> = {},
): Promise<Record<string, Matrix>> {
  const { iterations, learningRate, localSchedule } = rule;
  const slots: Record<string, Matrix> = {};
  for (const [slot, value] of Object.entries(slotInitials(rule))) {
    slots[`initialWeights.${slot}`] = filled(point.weights, value);
    slots[`initialBias.${slot}`] = filled(point.bias, value);
  }
  const [scalars, ...passes] = Array.from({ length: iterations }, (_, k) => ({
    examples: EXAMPLES,
    rate: learningRate * localFactor(localSchedule, k, iterations),
    count: k + 1,
  }));
  const repeated = iterations > 1;
  return run(solveRoutine(rule, { preactivationKnown: false, objective: true, repeated, ...options }), {
    inputs: {
      inputs: X,
      displacement: await displacementAt(rule, point),
      preactivation: preactivationOf(point),
      initialWeights: point.weights,
      initialBias: point.bias,
      ...slots,
    },
    scalars: scalars!,
    passes,
  });
}

const layer = { inputs: INPUTS, units: UNITS };
const squared = { ...layer, localLoss: { name: 'squared' } };

describe('a local iteration', () => {
  const once = { iterations: 1, learningRate: 1, optimizer: { name: 'sgd' } };
  const choices: RuleChoice[] = [
    ...['identity', 'tanh', 'sigmoid', 'relu', 'leaky_relu', 'elu', 'softmax'].map((name) => ({
      ...layer,
      transfer: { name },
    })),
    squared,
    { ...squared, form: 'gram' },
    { ...layer, regularizer: { name: 'l2', lambda: 0.3 } },
    { ...squared, form: 'gram', regularizer: { name: 'l2', lambda: 0.3 } },
  ];

  // With sgd and the rate 1, the gradient is what the parameters lose.
  it.each(choices)('goes down the gradient of the objective (seed 4): %o', async (choice) => {
    const rule = ruleOf({ ...choice, ...once });
    const solved = await solve(rule, start);
    const objective = async (point: Point): Promise<number> =>
      EXAMPLES * total((await solve(rule, point))['objectiveBefore']!);
    for (const name of ['weights', 'bias'] as const) {
      const lost = zip(start[name], solved[name]!, (before, after) => before - after);
      const numeric = await numericGradient(start[name], (at) => objective({ ...start, [name]: at }));
      expectClose(lost, numeric, 1e-8);
    }
  });

  it('with softplus goes down XᵀR, though it has no objective', async () => {
    const rule = ruleOf({ ...layer, ...once, transfer: { name: 'softplus' } });
    const solved = await solve(rule, start);
    const residual = await displacementAt(rule, start);
    expectClose(
      zip(start.weights, solved['weights']!, (x, y) => x - y),
      product(transposed(X), residual),
      1e-12,
    );
    expectClose(
      zip(start.bias, solved['bias']!, (x, y) => x - y),
      columnSums(residual),
      1e-12,
    );
    expect(Object.keys(solved)).not.toContain('objectiveBefore');
  });
});

describe('a solve', () => {
  const rules = [
    ruleOf({ ...layer, iterations: 4 }),
    ruleOf({ ...layer, transfer: { name: 'softmax' }, iterations: 4 }),
    ruleOf({ ...squared, iterations: 4 }),
    ruleOf({ ...squared, form: 'gram', iterations: 4, regularizer: { name: 'l2', lambda: 0.2 } }),
  ];

  it.each(rules)(
    'reports after it what the next would report before (seed 4): $form $transfer.part.name',
    async (rule) => {
      const solved = await solve(rule, start);
      const next = await solve(rule, { weights: solved['weights']!, bias: solved['bias']! });
      expect(total(solved['objectiveAfter']!)).toBeCloseTo(total(next['objectiveBefore']!), 12);
      expect(total(solved['objectiveAfter']!)).toBeLessThan(total(solved['objectiveBefore']!));
    },
  );

  it('counts the distance moved into a proximal objective', async () => {
    const solved = await solve(ruleOf({ ...layer, regularizer: { name: 'proximal', eta: 0.5 } }), start);
    const plain = await solve(ruleOf({ ...layer }), { weights: solved['weights']!, bias: solved['bias']! });
    const moved = (['weights', 'bias'] as const).map((name) =>
      total(zip(solved[name]!, start[name], (x, y) => (x - y) ** 2)),
    );
    expect(total(solved['objectiveAfter']!)).toBeCloseTo(
      total(plain['objectiveBefore']!) + (moved[0]! + moved[1]!) / (2 * 0.5 * EXAMPLES),
      12,
    );
  });

  it('does not depend on whether the preactivation is given', async () => {
    const rule = ruleOf({ ...layer, iterations: 5, optimizer: { name: 'adam' } });
    const given = await solve(rule, start, { preactivationKnown: true });
    const formed = await solve(rule, start);
    for (const [name, value] of Object.entries(formed)) expectClose(given[name]!, value, 1e-13);
  });

  it.each(optimizerChoices)('in Gram form equals the direct one (seed 4): $name', async (optimizer) => {
    for (const regularizer of [
      { name: 'none' },
      { name: 'proximal', eta: 0.7 },
      { name: 'l2', lambda: 0.1 },
    ]) {
      const choice: RuleChoice = { ...squared, optimizer, regularizer, iterations: 6, learningRate: 0.01 };
      const direct = await solve(ruleOf(choice), start);
      const gram = await solve(ruleOf({ ...choice, form: 'gram' }), start);
      expect(Object.keys(gram).sort()).toEqual(Object.keys(direct).sort());
      for (const [name, value] of Object.entries(direct)) expectClose(gram[name]!, value, 1e-12);
    }
  });

  it('names what it changes after the optimizer that changes it', () => {
    const adam = ruleOf({ ...squared, optimizer: { name: 'adam' } });
    expect(slotNames(adam)).toEqual(['m', 'v']);
    expect(slotNames({ ...adam, solver: 'exact' })).toEqual([]);
  });
});
