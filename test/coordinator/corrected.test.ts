import { parseSpec } from '#core/spec/parse.js';
import type { JobSpec } from '#core/spec/job-spec.js';
import { initialStates } from '#coordinator/initial-state.js';
import { buildNetwork } from '#coordinator/network.js';
import type { Engine } from '#engine/engine.js';
import { startEngine } from '#engine/engines.js';
import { decodeCheckpoint, encodeCheckpoint } from '#services/store/checkpoint-format.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { relativeDifference } from '../engine/support.js';
import { trainPlainly, type OracleSettings } from './oracle.js';
import { bitsOf, parts, smallJob, train } from './support.js';

const settings: OracleSettings = {
  seed: 3,
  batchSize: 10,
  transfers: ['tanh', 'tanh', 'sigmoid'],
  activationRate: 10,
  iterations: 4,
  rate: 0.05,
  correction: null,
  residualMomentum: 0,
};

const jobOf = ({ correction, residualMomentum }: Partial<OracleSettings>): JobSpec => {
  const [iterations, learningRate] = [settings.iterations, settings.rate];
  return smallJob({
    network: {
      layers: [8, 5, 12].map((units, layer) => ({ units, transfer: settings.transfers[layer] })),
    },
    training: { correction: correction ?? 0 },
    local: { iterations, optimizer: { name: 'sgd', learningRate }, residualMomentum: residualMomentum ?? 0 },
  });
};

/** The bound of the first is met in every step, that of the second in none. */
const choices = [
  { correction: 0.001, residualMomentum: 0 },
  { correction: 100, residualMomentum: 0 },
  { correction: null, residualMomentum: 0.6 },
  { correction: 0.1, residualMomentum: 0.6 },
];

describe.each([
  { name: 'reference', error: 1e-12 },
  { name: 'onnx', error: 1e-5 },
])('correction and residual momentum on $name', ({ name, error }) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await startEngine(name, 1);
  });
  afterAll(() => engine.close());

  it.each(choices)('train as plain loops do: %o', async (choice) => {
    const spec = jobOf(choice);
    const start = initialStates(spec, buildNetwork(spec, parts, 12).layers);
    const before = await engine.statistics();
    const { states, outcome } = await train(engine, spec);
    expect(outcome).toBe('completed');
    const expected = trainPlainly(start, 15, { ...settings, ...choice });
    const without = trainPlainly(start, 15, settings);
    for (const [layer, { weights, bias }] of expected.entries()) {
      expect(relativeDifference(states[layer]!.weights, weights)).toBeLessThan(error);
      expect(relativeDifference(states[layer]!.bias, bias)).toBeLessThan(error);
    }
    expect(relativeDifference(states[1]!.weights, without[1]!.weights)).toBeGreaterThan(10 * error);
    expect((await engine.statistics()).tensors).toBe(before.tensors);
  });

  it('go on to the bit from a checkpoint', async () => {
    const spec = jobOf({ correction: 0.1, residualMomentum: 0.6 });
    const whole = await train(engine, spec);
    const first = await train(engine, spec, { stopAfter: 7 });
    const file = Buffer.concat(await encodeCheckpoint(first.checkpoints.at(-1)!.state, 'test'));
    const from = await decodeCheckpoint(file, 'test');
    expect(from.gradientMeans!.map((mean) => [mean!.rows, mean!.columns])).toEqual([
      [10, 8],
      [10, 5],
      [10, 12],
    ]);
    const second = await train(engine, spec, { from });
    expect(bitsOf(second.states).equals(bitsOf(whole.states))).toBe(true);
    // What is not in the checkpoint would show.
    const { gradientMeans, ...forgetful } = from;
    expect(gradientMeans).toBeDefined();
    const third = await train(engine, spec, { from: forgetful });
    expect(bitsOf(third.states).equals(bitsOf(whole.states))).toBe(false);
  });
});

describe('a spec that corrects', () => {
  it.each(['backprop', 'kfac'])('has local problems, which %s has not', (algorithm) => {
    expect(() =>
      parseSpec({ ...jobOf({}), training: { algorithm, epochs: 1, correction: 0.1 } }, parts),
    ).toThrow(`0, for the algorithm ${algorithm} has no local problems`);
  });
});
