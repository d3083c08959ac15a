import type { Engine } from '#engine/engine.js';
import { startEngine } from '#engine/engines.js';
import { initialStates } from '#coordinator/initial-state.js';
import { buildNetwork } from '#coordinator/network.js';
import { LocalPool } from '#coordinator/pool/local-pool.js';
import { uploadAll } from '../engine/support.js';
import { layerBatches } from '../second-order/support.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bitsOf, parts, smallJob, train } from './support.js';

const algorithms = [
  { algorithm: 'kfac', own: { kfac: { learningRate: 0.05, updateEvery: 4 } } },
  { algorithm: 'shampoo', own: { shampoo: { learningRate: 0.01, updateEvery: 4 } } },
  {
    algorithm: 'shampoo',
    own: { shampoo: { learningRate: 0.02, updateEvery: 4, graft: 'adagrad', decay: 1 } },
  },
];

describe.each(['reference', 'onnx'])('second-order training on %s', (engineName) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await startEngine(engineName, 1);
  });
  afterAll(() => engine.close());

  it.each(algorithms)('lowers the loss: $algorithm %#', async ({ algorithm, own }) => {
    const before = await engine.statistics();
    const { events, outcome } = await train(
      engine,
      smallJob({
        training: { algorithm, epochs: 8 },
        local: { regularizer: { name: 'l2', lambda: 1e-4 } },
        ...own,
      }),
    );
    const epochs = events.filter((event) => event.type === 'epoch.done');
    expect(outcome).toBe('completed');
    expect(epochs).toHaveLength(8);
    expect(epochs.at(-1)!.trainLoss).toBeLessThan(epochs[0]!.trainLoss);
    // Neither guard nor objectives, as in backpropagation.
    expect(epochs[0]!.layers[0]).toMatchObject({
      objectiveBefore: null,
      objectiveAfter: null,
      guardRedone: 0,
    });
    expect((await engine.statistics()).tensors).toBe(before.tensors);
  });

  it.each(algorithms)(
    'goes on to the bit after a stop between two refreshes: $algorithm %#',
    async (choice) => {
      const spec = smallJob({ training: { algorithm: choice.algorithm, epochs: 3 }, ...choice.own });
      const whole = await train(engine, spec);
      const first = await train(engine, spec, { stopAfter: 6 });
      const { state } = first.checkpoints.at(-1)!;
      expect(state.layers.map(({ updates }) => updates)).toEqual([6, 6, 6, 6]);
      const second = await train(engine, spec, { from: state });
      expect(second.outcome).toBe('completed');
      expect(bitsOf(second.states).equals(bitsOf(whole.states))).toBe(true);
      expect(Object.keys(whole.states[0]!.factors!).length).toBeGreaterThan(0);
    },
  );

  it('ends a run that diverges before its weights are lost', async () => {
    // A linear network with a rate far too large.
    const layers = [
      { units: 8, transfer: 'identity' },
      { units: 12, transfer: 'identity' },
    ];
    const { outcome, error, checkpoints } = await train(
      engine,
      smallJob({
        training: { algorithm: 'kfac' },
        kfac: { learningRate: 1e200, klClip: null },
        network: { layers, loss: 'squared_error' },
      }),
    );
    expect(outcome).toBe('failed');
    expect(error).toMatchObject({ code: 'TRAINING_DIVERGED' });
    for (const { state } of checkpoints) {
      expect(state.layers.every(({ weights }) => weights.data.every(Number.isFinite))).toBe(true);
    }
  });

  it('scales the steps of all layers by one number', async () => {
    /** One step of two layers with the same batch each; the second one's gradients are `size` times as large. */
    async function firstStep(klClip: number | null, size: number): Promise<number[][]> {
      const layers = [
        { units: 3, transfer: 'tanh' },
        { units: 3, transfer: 'tanh' },
      ];
      const spec = smallJob({
        training: { algorithm: 'kfac' },
        kfac: { klClip, learningRate: 1 },
        network: { layers, loss: 'squared_error' },
      });
      const [batch] = layerBatches(1, 10, { inputs: 3, units: 3 });
      const { layers: rules } = buildNetwork(spec, parts, 3);
      const start = initialStates(spec, rules);
      const pool = await LocalPool.create(engine, rules, structuredClone(start), { objective: false });
      const { inputs, displacement } = batch!;
      const larger = { ...displacement, data: displacement.data.map((value) => size * value) };
      const tensors = await uploadAll(engine, { inputs, displacement, larger });
      const { inputs: x, displacement: d, larger: l } = tensors;
      const common = { inputs: x!, preactivation: d!, step: 1, attempt: 1, rateFactor: 1 };
      await Promise.all([
        pool.solve({ ...common, layer: 1, displacement: l! }),
        pool.solve({ ...common, layer: 0, displacement: d! }),
      ]);
      for (const layer of [0, 1]) await pool.settle(layer, true);
      await pool.commit();
      const after = await pool.states();
      await pool.close();
      engine.release(Object.values(tensors));
      return after.map(({ weights }, layer) =>
        Array.from(weights.data, (value, index) => value - start[layer]!.weights.data[index]!),
      );
    }
    const [whole, clipped] = [await firstStep(null, 3), await firstStep(0.01, 3)];
    const ratios = clipped.map((steps, layer) => steps.map((step, index) => step / whole[layer]![index]!));
    const [first = 0] = ratios[0]!;
    expect(first).toBeLessThan(0.9);
    for (const ratio of ratios.flat()) expect(ratio).toBeCloseTo(first, 3);
    // What the second layer does counts for the first one.
    const [other] = await firstStep(0.01, 30);
    expect(other![0]! / clipped[0]![0]!).toBeLessThan(0.99);
  });
});
