import { ClusterPool } from '#coordinator/cluster/cluster-pool.js';
import { EnginePlace } from '#coordinator/cluster/engine-place.js';
import type { WireFormat } from '#coordinator/cluster/place.js';
import { Places } from '#coordinator/cluster/places.js';
import type { Engine } from '#engine/engine.js';
import { startEngine } from '#engine/engines.js';
import { LocopropError } from '#index';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bitsOf, smallJob, train, type PoolNeeds } from './support.js';

const WIDE = 150;
const optimizers = [
  { name: 'sgd', learningRate: 0.05 },
  { name: 'momentum', learningRate: 0.003 },
  { name: 'nesterov', learningRate: 0.003 },
  { name: 'adam' },
  { name: 'rmsprop', learningRate: 1e-3 },
  { name: 'adagrad', learningRate: 0.02 },
];

/** An autoencoder with a layer that can be split, and two steps to train it. */
const splitJob = (local: object, epochs = 1) =>
  smallJob({
    network: {
      layers: [
        { units: WIDE, transfer: 'tanh' },
        { units: 3, transfer: 'identity' },
        { units: WIDE, transfer: 'tanh' },
        { units: 12, transfer: 'sigmoid' },
      ],
    },
    training: { batchSize: 25, epochs },
    local: { iterations: 4, ...local },
  });

/** A place whose loss is the test's to bring about. */
class TestPlace extends EnginePlace {
  readonly #control: AbortController;

  constructor(engine: Engine, name: string, gflops = 1e-3) {
    const control = new AbortController();
    // So slow that the planner wants all of them for so small a network.
    const offer = { id: name, local: false, gflops, bandwidth: 1e12, memoryBytes: 1e9 };
    super(engine, offer, control.signal);
    this.#control = control;
  }

  kill(): void {
    this.#control.abort(
      new LocopropError('CLUSTER_WORKER_LOST', { worker: this.offer.id, reason: 'killed by the test' }),
    );
  }
}

const poolOn =
  (places: Places, wire: WireFormat = 'f32') =>
  (needs: PoolNeeds): Promise<ClusterPool> =>
    ClusterPool.create({ ...needs, wire, places, gflops: 1e3 });

describe('a pool of places', () => {
  let engine: Engine;
  const workers: Engine[] = [];
  beforeAll(async () => {
    engine = await startEngine('onnx', 1);
    for (const threads of [1, 2, 1]) workers.push(await startEngine('onnx', threads));
  });
  afterAll(async () => {
    for (const each of [engine, ...workers]) await each.close();
  });

  const placesOf = (count: number): { places: Places; members: TestPlace[] } => {
    const places = new Places();
    const members = workers.slice(0, count).map((own, index) => new TestPlace(own, `worker ${index + 1}`));
    for (const member of members) places.add(member);
    return { places, members };
  };

  const cases = optimizers.flatMap((optimizer) =>
    ['matching', 'squared'].flatMap((loss) => [1, 2, 3].map((count) => ({ loss, optimizer, count }))),
  );

  it.each(cases)(
    'gives the bits of the trainer alone: $loss, $optimizer.name, $count places',
    async ({ loss, optimizer, count }) => {
      const job = splitJob({ loss, optimizer });
      const alone = await train(engine, job);
      const { places } = placesOf(count);
      const shared = await train(engine, job, { makePool: poolOn(places) });
      expect(shared.error).toBeNull();
      expect(bitsOf(shared.states).equals(bitsOf(alone.states))).toBe(true);
      const plan = shared.events.find((event) => event.type === 'plan.made');
      expect(new Set(plan?.parts.map(({ worker }) => worker)).size).toBe(count);
    },
  );
});
