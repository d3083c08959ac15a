import { Parts } from '#core/parts/registry.js';
import { sampledGradientRoutine } from '#core/sweep.js';
import { parseSpec } from '#core/spec/parse.js';
import type { Matrix } from '#core/matrix.js';
import type { Engine } from '#engine/engine.js';
import { startEngine } from '#engine/engines.js';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bitsOf, smallJob, train } from '../coordinator/support.js';
import { randomMatrix } from '../engine/support.js';
import { randomStream } from '#core/random.js';
import { evaluate } from '../core/support.js';

const parts = new Parts();
const [EXAMPLES, UNITS, SEED] = [40_000, 3, 5];

/** The same pre-activations for every example. */
const a: Matrix = ((): Matrix => {
  const row = [0.5, -1, 1.2];
  const data = Float64Array.from({ length: EXAMPLES * UNITS }, (_, index) => row[index % UNITS]!);
  return { rows: EXAMPLES, columns: UNITS, data };
})();

/** E[δ] and E[δδᵀ] of labels that are drawn, δ = B·D. */
async function momentsOf(loss: string, transfer: string): Promise<{ mean: number[]; second: number[] }> {
  const [chosen, f] = [parts.choose('loss', { name: loss }), parts.choose('transfer', { name: transfer })];
  const { setup } = sampledGradientRoutine(chosen, f);
  const y = (await evaluate({ y: f.part.value({ op: 'input', name: 'a' }, f.h) }, { a }))['y']!;
  const stream = randomStream(SEED, 'noise');
  const uniform = { ...a, data: Float64Array.from(a.data, () => stream.uniform()) };
  const noise =
    chosen.part.sample!.noise === 'normal' ? randomMatrix(SEED, 'noise', EXAMPLES, UNITS) : uniform;
  const { gradient } = await evaluate(setup, { preactivation: a, output: y, noise }, { examples: 1 });
  const average = (i: number, j: number | null): number => {
    let total = 0;
    for (let b = 0; b < EXAMPLES; b++) {
      const at = (unit: number): number => gradient!.data[b * UNITS + unit]!;
      total += at(i) * (j === null ? 1 : at(j));
    }
    return total / EXAMPLES;
  };
  const units = [0, 1, 2];
  return {
    mean: units.map((i) => average(i, null)),
    second: units.flatMap((i) => units.map((j) => average(i, j))),
  };
}

// The Fisher matrix of the distribution itself: the curvature of its negative log-likelihood in a.
describe.each([
  { loss: 'sigmoid_cross_entropy', transfer: 'sigmoid' },
  { loss: 'softmax_cross_entropy', transfer: 'softmax' },
  { loss: 'squared_error', transfer: 'tanh' },
])('gradients of labels drawn for $loss', ({ loss, transfer }) => {
  it(`have the mean 0 and the Fisher matrix for their second moment (seed ${SEED})`, async () => {
    const row = Array.from(a.data.slice(0, UNITS));
    const exp = row.map(Math.exp);
    const sum = exp.reduce((x, y) => x + y);
    const fisher = (i: number, j: number): number => {
      const same = i === j ? 1 : 0;
      if (loss === 'sigmoid_cross_entropy') {
        const p = 1 / (1 + Math.exp(-row[i]!));
        return same * p * (1 - p);
      }
      if (loss === 'squared_error') return same * (1 - Math.tanh(row[i]!) ** 2) ** 2;
      const [p, q] = [exp[i]! / sum, exp[j]! / sum];
      return p * (same - q);
    };
    const { mean, second } = await momentsOf(loss, transfer);
    // Five standard errors of a mean of 40,000 of size 1 at most.
    for (const value of mean) expect(Math.abs(value)).toBeLessThan(0.025);
    for (const [index, value] of second.entries()) {
      expect(Math.abs(value - fisher(Math.floor(index / UNITS), index % UNITS))).toBeLessThan(0.025);
    }
  });
});

describe.each(['reference', 'onnx'])('K-FAC with drawn labels on %s', (name) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await startEngine(name, 1);
  });
  afterAll(() => engine.close());

  const jobOf = (fisher: string) =>
    smallJob({
      training: { algorithm: 'kfac', epochs: 3 },
      kfac: { learningRate: 0.05, updateEvery: 4, fisher },
    });

  it('lowers the loss, draws the same again and goes on to the bit', async () => {
    const before = await engine.statistics();
    const whole = await train(engine, jobOf('sampled'));
    const losses = whole.events.flatMap((event) => (event.type === 'epoch.done' ? [event.trainLoss] : []));
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
    const { checkpoints } = await train(engine, jobOf('sampled'), { stopAfter: 6 });
    const rest = await train(engine, jobOf('sampled'), { from: checkpoints.at(-1)!.state });
    expect(bitsOf(rest.states).equals(bitsOf(whole.states))).toBe(true);
    const empirical = await train(engine, jobOf('empirical'));
    expect(bitsOf(empirical.states).equals(bitsOf(whole.states))).toBe(false);
    expect((await engine.statistics()).tensors).toBe(before.tensors);
  });
});

describe('a loss without a distribution', () => {
  it('is refused with drawn labels', () => {
    const { sample, ...plain } = parts.choose('loss', { name: 'squared_error' }).part;
    expect(sample).toBeDefined();
    const own = new Parts([{ ...plain, name: 'plain' }]);
    const spec = (fisher: string): unknown => ({
      data: { train: { dataset: 'curves', examples: 10 } },
      network: { layers: [{ units: 784, transfer: 'sigmoid' }], loss: 'plain' },
      training: { algorithm: 'kfac', epochs: 1 },
      kfac: { fisher },
    });
    expect(() => parseSpec(spec('sampled'), own)).toThrow(
      'empirical, for the loss plain has no distribution to draw labels from',
    );
    expect(() => parseSpec(spec('empirical'), own)).not.toThrow();
  });
});
