import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '#engine/engine.js';
import { startEngine } from '#engine/engines.js';
import { LocopropError } from '#index';
import { bitsOf, sidedData, smallJob, train } from './support.js';

const optimizers = [
  { name: 'sgd', learningRate: 0.05 },
  { name: 'momentum', learningRate: 0.003 },
  { name: 'nesterov', learningRate: 0.003 },
  { name: 'adam' },
  { name: 'rmsprop', learningRate: 1e-3 },
  { name: 'adagrad', learningRate: 0.02 },
];

describe.each(['reference', 'onnx', 'tfjs'])('the trainer on %s', (engineName) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await startEngine(engineName, 1);
  });
  afterAll(() => engine.close());

  const runs = optimizers.flatMap((optimizer) => [
    { algorithm: 'locoprop', loss: 'matching', optimizer },
    { algorithm: 'locoprop', loss: 'squared', optimizer },
    { algorithm: 'backprop', loss: 'matching', optimizer },
  ]);

  it.each(runs)(
    'lowers the loss: $algorithm, $loss, $optimizer.name',
    async ({ algorithm, loss, optimizer }) => {
      const { events, outcome } = await train(
        engine,
        smallJob({ training: { algorithm, epochs: 8 }, local: { loss, optimizer, iterations: 4 } }),
      );
      const losses = events.filter((event) => event.type === 'epoch.done').map(({ trainLoss }) => trainLoss);
      expect(outcome).toBe('completed');
      expect(losses).toHaveLength(8);
      expect(losses.at(-1)).toBeLessThan(losses[0]!);
    },
  );

  it.each(optimizers)('goes on to the bit after a stop within an epoch: $name', async (optimizer) => {
    const spec = smallJob({ local: { optimizer, iterations: 3 } });
    const whole = await train(engine, spec);
    const first = await train(engine, spec, { stopAfter: 7 });
    expect(first.outcome).toBe('stopped');
    const { state } = first.checkpoints.at(-1)!;
    expect(state.position).toEqual({ step: 7, epoch: 1, batch: 2 });

    const second = await train(engine, spec, { from: state });
    expect(second.outcome).toBe('completed');
    expect(bitsOf(second.states).equals(bitsOf(whole.states))).toBe(true);
    const steps = (events: typeof whole.events) =>
      events.flatMap((event) => (event.type === 'step.done' ? [[event.step, event.loss]] : []));
    expect([...steps(first.events), ...steps(second.events)]).toEqual(steps(whole.events));
  });

  it('leaves no tensor behind', async () => {
    const before = await engine.statistics();
    await train(engine, smallJob({ training: { epochs: 2 } }));
    expect((await engine.statistics()).tensors).toBe(before.tensors);
  });

  it('redoes a solve that goes wrong with a smaller step, and counts it', async () => {
    // A linear network with a rate far too large diverges at once without a guard.
    const layers = [
      { units: 8, transfer: 'identity' },
      { units: 12, transfer: 'identity' },
    ];
    const job = {
      network: { layers, loss: 'squared_error' },
      local: { iterations: 10, optimizer: { name: 'sgd', learningRate: 1e4 } },
    };
    const guarded = await train(engine, smallJob(job));
    const incidents = guarded.events.filter((event) => event.type === 'guard.redone');
    expect(guarded.outcome).toBe('completed');
    expect(incidents.length).toBeGreaterThan(0);
    expect(incidents[0]).toMatchObject({ attempt: 1, learningRateFactor: 1 });
    const counted = guarded.events
      .filter((event) => event.type === 'epoch.done')
      .flatMap(({ layers: perLayer }) => perLayer.map(({ guardRedone }) => guardRedone));
    expect(counted.reduce((total, count) => total + count, 0)).toBe(incidents.length);

    const givenUp = await train(engine, smallJob({ ...job, guard: { retries: 0 } }));
    const types = new Set(givenUp.events.map(({ type }) => type).filter((type) => type.startsWith('guard.')));
    expect([...types], 'none was redone, and it is said that none was').toEqual(['guard.gave-up']);

    const unguarded = await train(engine, smallJob({ ...job, guard: { enabled: false } }));
    expect(unguarded.outcome).toBe('failed');
    expect(unguarded.error).toBeInstanceOf(LocopropError);
    expect(unguarded.error).toMatchObject({
      code: 'TRAINING_DIVERGED',
      message: expect.stringContaining('epoch 1') as unknown,
      remedy: 'Train a new run with a lower learning rate or activation learning rate.',
    });
    for (const { state } of unguarded.checkpoints) {
      expect(state.layers.every(({ weights }) => weights.data.every(Number.isFinite))).toBe(true);
    }
  });

  it('ends a run in which no layer has moved for a whole epoch, with its weights in a checkpoint', async () => {
    const job = (more: object) => ({
      guard: { retries: 1 },
      checkpoints: { everyEpochs: 2 },
      local: { iterations: 4, optimizer: { name: 'rmsprop', learningRate: 1e30 } },
      ...more,
    });
    const { outcome, error, events, checkpoints } = await train(engine, smallJob(job({})));
    expect(outcome).toBe('failed');
    expect(error).toMatchObject({ code: 'TRAINING_STUCK', retryable: false });
    expect((error as LocopropError).message).toContain('epoch 1 ');
    expect((error as LocopropError).remedy).toContain('step-5');
    expect(checkpoints.map(({ state }) => state.position.step)).toEqual([5]);
    const epochs = events.filter((event) => event.type === 'epoch.done');
    expect(epochs.map(({ layers }) => layers.map(({ guardGaveUp }) => guardGaveUp))).toEqual([[5, 5, 5, 5]]);

    // After a start within an epoch, what came before it is not known: the next one is whole.
    const resumed = await train(engine, smallJob(job({})), {
      from: { ...checkpoints[0]!.state, position: { step: 2, epoch: 0, batch: 2 } },
    });
    expect((resumed.error as LocopropError).message).toContain('epoch 2 ');
  });

  it('goes on where some layers move, and counts the problems of those that do not', async () => {
    const [first, ...others] = smallJob().network.layers;
    const stuck = { ...first, local: { optimizer: { learningRate: 1e30 } } };
    const { outcome, events } = await train(
      engine,
      smallJob({ network: { layers: [stuck, ...others] }, training: { epochs: 1 } }),
    );
    expect(outcome).toBe('completed');
    const counted = events.flatMap((event) =>
      event.type === 'epoch.done' ? event.layers.map(({ guardGaveUp }) => guardGaveUp) : [],
    );
    expect(counted).toEqual([5, 0, 0, 0]);
  });

  it('names the checkpoint that a new run can start from where one diverges', async () => {
    const layers = [
      { units: 8, transfer: 'identity' },
      { units: 12, transfer: 'identity' },
    ];
    const job = smallJob({
      network: { layers, loss: 'squared_error' },
      training: { batchSize: 10, epochs: 20, schedule: 'constant' },
      local: { iterations: 10, schedule: 'constant', optimizer: { name: 'sgd', learningRate: 1e30 } },
      guard: { enabled: false },
      checkpoints: { everySteps: 1 },
    });
    const { error, checkpoints } = await train(engine, job);
    expect(checkpoints.length).toBeGreaterThan(0);
    expect(error).toMatchObject({
      code: 'TRAINING_DIVERGED',
      message: expect.stringContaining('; the outputs of layer ') as unknown,
      remedy: expect.stringMatching(/set its `initialWeights` to step-\d+\.$/) as unknown,
    });
  });

  it('leaves alone the layers of a run that has fitted its data', async () => {
    const layers = [
      { units: 16, transfer: 'tanh' },
      { units: 2, transfer: 'softmax' },
    ];
    const network = { layers, loss: 'softmax_cross_entropy' };
    const local = { iterations: 10, optimizer: { name: 'rmsprop', learningRate: 1e-2, momentum: 0.9 } };
    const training = { batchSize: 60, epochs: 200, schedule: 'constant' };
    const job = smallJob({ data: { targets: 'labels' }, network, local, training });
    const { events } = await train(engine, job, { dataset: sidedData() });
    expect(events.filter(({ type }) => type.startsWith('guard.'))).toEqual([]);
    expect(events.findLast((event) => event.type === 'epoch.done')!.trainLoss).toBeLessThan(1e-3);
  });
});
