import { runVectors, type CaseResult } from '#engine/conformance/run.js';
import type { Engine } from '#engine/engine.js';
import { startEngine } from '#engine/engines.js';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

/** One local iteration of sgd on one example, by hand: a = 2·3 + 1, R = 7 − 6, W −= 0.1·2·1, b −= 0.1. */
const byHand = {
  name: 'by hand',
  variant: 'S',
  activation: 'identity',
  optimizer: 'sgd',
  iterations: 1,
  learningRate: 0.1,
  weights0: [[3]],
  bias0: [1],
  solves: [
    {
      X: [[2]],
      target: [[6]],
      weights: [[2.8]],
      bias: [0.9],
      objectiveBefore: 0.5,
      objectiveAfter: 0.125,
    },
  ],
};
const solve = byHand.solves[0]!;

/** (ZᵀZ + I/η)Δ = −ZᵀR⁰ for Z = (2 1), η = 1 and R⁰ = 1: Δ = −(2 1)/6. */
const exact = {
  name: 'exact',
  eta: 1,
  X: [[2]],
  target: [[6]],
  weights0: [[3]],
  bias0: [1],
  weights: [[3 - 1 / 3]],
  bias: [1 - 1 / 6],
};

/** Linear regression on one example with γ = 1: L = ½(7 − 6)², and the target is A − (A − 6). */
const network = {
  name: 'network',
  algorithm: 'S',
  sizes: [1, 1],
  activations: ['identity'],
  loss: 'squared_error',
  optimizer: { name: 'sgd' },
  iterations: 1,
  activationLearningRate: 1,
  learningRate: 0.1,
  weights0: [[[3]]],
  biases0: [[1]],
  steps: [{ inputs: [[2]], labels: [[6]], loss: 0.5, targets: [[[6]]], weights: [[[2.8]]], biases: [[0.9]] }],
};

describe('conformance vectors of a folder', () => {
  let directory: string;
  let engine: Engine;
  beforeAll(async () => {
    engine = await startEngine('reference');
  });
  afterAll(() => engine.close());
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'vectors-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  const write = (content: unknown, name = 'cases.json'): Promise<void> =>
    writeFile(join(directory, name), typeof content === 'string' ? content : JSON.stringify(content));
  async function results(on = engine): Promise<CaseResult[]> {
    const all: CaseResult[] = [];
    for await (const result of runVectors(directory, on)) all.push(result);
    return all;
  }

  it('are run whatever their files are called, in the order of the names', async () => {
    await write([network], 'b.json');
    await write([byHand, exact], 'a.json');
    await write('# notes', 'README.md');
    await write({ about: 'curves' }, 'curves.json');
    const all = await results();
    expect(all.map(({ name, form, passed }) => [name, form, passed])).toEqual([
      ['by hand', 'direct', true],
      ['by hand', 'gram', true],
      ['exact', 'exact', true],
      ['network', 'direct', true],
      ['network', 'gram', true],
    ]);
    expect(all[0]!.file).toBe(join(directory, 'a.json'));
    expect(all[0]!.tolerance).toBe(1e-9);
  });

  it('may name parts with hyperparameters in the style of Python, and leave slots and objectives out', async () => {
    const { X, target, weights, bias } = solve;
    const leaky = {
      ...byHand,
      activation: { name: 'leaky_relu', slope: 0.5 },
      optimizer: { name: 'adagrad', initial_accumulator: 3 },
      regularizer: { name: 'none' },
      localSchedule: 'constant',
      // W −= 0.1·2/√(3 + 4), b −= 0.1/√(3 + 1)
      solves: [{ X, target, weights: [[3 - 0.2 / Math.sqrt(7)]], bias: [0.95] }],
    };
    await write([leaky]);
    expect((await results()).map(({ passed }) => passed)).toEqual([true, true]);
    await write([{ ...leaky, solves: [{ X, target, weights, bias }] }]);
    expect((await results()).map(({ passed }) => passed)).toEqual([false, false]);
  });

  it.each([
    { change: { weights: [[2.8 * (1 + 1e-6)]] }, worst: 'weights after solve 0', error: 1e-6 },
    { change: { bias: [0.9 * 1.25] }, worst: 'bias after solve 0', error: 0.2 },
    { change: { objectiveAfter: 0.25 }, worst: 'objectiveAfter after solve 0', error: 0.5 },
  ])('tell the tensor that is wrong: $worst', async ({ change, worst, error }) => {
    await write([{ ...byHand, solves: [{ ...solve, ...change }] }]);
    const [result] = await results();
    expect(result).toMatchObject({ passed: false, worst });
    expect(result!.error).toBeCloseTo(error, 10);
  });

  it('fail a result that is not finite, or that is missing', async () => {
    await write([{ ...byHand, learningRate: 1e308, iterations: 2 }]);
    expect((await results())[0]).toMatchObject({ passed: false, error: Infinity });
    const softplus = { ...byHand, activation: 'softplus', variant: 'M' };
    await write([softplus]);
    expect((await results())[0]).toMatchObject({ passed: false, error: Infinity, worst: /objectiveBefore/ });
  });

  it('allow a float32 engine ten times what plain float32 errs, and at least 1e-5', async () => {
    const onnx = await startEngine('onnx', 1);
    const off = [{ ...solve, weights: [[2.8 * (1 + 3e-5)]] }];
    await write([
      { ...byHand, name: 'near', solves: [{ ...solve, weights: [[2.8 * (1 + 3e-6)]] }] },
      { ...byHand, name: 'far', solves: off },
      { ...byHand, name: 'cancels', solves: off, float32Error: 1e-5 },
    ]);
    const direct = (await results(onnx)).filter(({ form }) => form === 'direct');
    expect(direct.map(({ tolerance, passed }) => [tolerance, passed])).toEqual([
      [1e-5, true],
      [1e-5, false],
      [1e-4, true],
    ]);
    await onnx.close();
  });

  const invalid: Record<string, { readonly content: unknown; readonly says: RegExp }> = {
    'damaged JSON': { content: '[{"name": "a", "solves": [', says: /cases\.json.*as JSON/s },
    'NaN in JSON': { content: '[NaN]', says: /as JSON/ },
    'a case that is no object': { content: [3], says: /case "0".*has none of the fields/ },
    'a case of no known kind': { content: [{ name: 'x' }], says: /case "x".*"solves", "steps", "eta"/ },
    'a missing field': { content: [{ ...byHand, bias0: undefined }], says: /case "by hand".*bias0/ },
    'a number that is text': {
      content: [{ ...byHand, weights0: [['3']] }],
      says: /weights0\.0\.0: .*expected number/,
    },
    'a ragged matrix': {
      content: [{ ...byHand, weights0: [[1, 2], [3]] }],
      says: /weights0: row 1 has 1 entries, row 0 has 2/,
    },
    'an empty matrix': { content: [{ ...exact, X: [] }], says: /X: / },
    'shapes that do not fit': {
      content: [{ ...byHand, solves: [{ ...solve, X: [[2, 2]] }] }],
      says: /X of solve 0 is 1×2, not 1×1/,
    },
    'targets that do not fit': {
      content: [{ ...network, steps: [{ ...network.steps[0], targets: [[[6], [6]]] }] }],
      says: /target 0 of step 0 is 2×1, not 1×1/,
    },
    'an unknown activation': {
      content: [{ ...byHand, activation: 'swish' }],
      says: /no transfer "swish"; known are identity, tanh/,
    },
    'an unknown optimizer': {
      content: [{ ...byHand, optimizer: { name: 'lion' } }],
      says: /no optimizer "lion"; known are sgd/,
    },
    'an unknown hyperparameter': {
      content: [{ ...byHand, optimizer: { name: 'momentum', mu: 0.9 } }],
      says: /momentum has no hyperparameter "mu"/,
    },
    'a missing hyperparameter': {
      content: [{ ...byHand, regularizer: 'proximal' }],
      says: /proximal needs the hyperparameter "eta"/,
    },
    'an unknown slot': {
      content: [{ ...byHand, solves: [{ ...solve, weightSlots: { momentum: [[0]] } }] }],
      says: /weightSlots of solve 0: sgd has no slot "momentum"/,
    },
    'a loss that needs another transfer function': {
      content: [{ ...network, loss: 'sigmoid_cross_entropy' }],
      says: /sigmoid_cross_entropy needs sigmoid in the last layer, not identity/,
    },
    'a layer too few': {
      content: [{ ...network, sizes: [1, 1, 1] }],
      says: /1 activations, not 2/,
    },
    'iterations without end': { content: [{ ...byHand, iterations: 1e12 }], says: /iterations: / },
  };

  it.each(Object.keys(invalid))('are refused with file, case and reason: %s', async (name) => {
    const { content, says } = invalid[name]!;
    await write(content);
    await expect(results()).rejects.toMatchObject({
      code: 'VECTORS_INVALID',
      exitCode: 2,
      message: expect.stringMatching(says) as string,
    });
  });

  it('are checked in all files before the first is run', async () => {
    await write([byHand], 'a.json');
    await write('[', 'b.json');
    const first = runVectors(directory, engine).next();
    await expect(first).rejects.toMatchObject({ code: 'VECTORS_INVALID' });
  });

  it('are missing in a folder without any, or without a folder', async () => {
    const missing = { code: 'VECTORS_MISSING', exitCode: 2 };
    await write({ about: 'nothing' });
    await expect(results()).rejects.toMatchObject(missing);
    await expect(runVectors(join(directory, 'none'), engine).next()).rejects.toMatchObject(missing);
  });
});
