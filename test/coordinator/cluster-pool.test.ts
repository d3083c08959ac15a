import { ClusterPool } from '#coordinator/cluster/cluster-pool.js';
import { EnginePlace } from '#coordinator/cluster/engine-place.js';
import type { ResidentPart, WireFormat } from '#coordinator/cluster/place.js';
import { Places } from '#coordinator/cluster/places.js';
import { at } from '#core/affine.js';
import { solveOperations } from '#core/solve-operations.js';
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

/** So slow that the planner wants all places for so small a network, in 10⁹ operations a second. */
const SPEED = 1e-3;

/** A place whose loss is the test's to bring about, and whose speed is what it says, whatever else computes. */
class TestPlace extends EnginePlace {
  readonly #control: AbortController;

  /** @param offered what it says of its speed */
  constructor(engine: Engine, name: string, offered = SPEED) {
    const control = new AbortController();
    const offer = { id: name, local: false, gflops: offered, bandwidth: 1e12, memoryBytes: 1e9 };
    super(engine, offer, control.signal);
    this.#control = control;
  }

  override async load(...args: Parameters<EnginePlace['load']>): Promise<ResidentPart> {
    const part = await super.load(...args);
    const { start, end } = args[0].columns;
    const slots = Object.keys(args[1].weightSlots).length;
    const work = { form: 'direct', solver: 'iterative', slots, objective: true } as const;
    return {
      solve: async (problem) => {
        const solution = await part.solve(problem);
        const iterations = problem.numbers.passes.length + 1;
        const { rows, columns } = problem.inputs;
        const operations = solveOperations({ ...work, inputs: columns, iterations }, rows, false);
        const seconds = at(operations, end - start) / (SPEED * 1e9);
        return { ...solution, report: { ...solution.report, seconds } };
      },
      settle: (step, accepted) => part.settle(step, accepted),
      fetch: (step) => part.fetch(step),
      unload: () => part.unload(),
    };
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
    ClusterPool.create({ ...needs, wire, places, gflops: 1e3, expected: 1 });

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
      const used = new Set(plan?.parts.map(({ worker }) => worker)).size;
      // Each part of a layer in Gram form forms ZᵀZ for itself, so the planner may do with fewer.
      if (loss === 'matching') expect(used).toBe(count);
      else expect(used).toBeGreaterThanOrEqual(Math.min(count, 2));
    },
  );

  it("gives them with Anderson's acceleration and residual momentum too", async () => {
    const regularizer = { name: 'proximal', eta: 0.05 };
    const job = splitJob({ regularizer, solver: 'anderson', residualMomentum: 0.5 });
    const alone = await train(engine, job);
    const { places } = placesOf(2);
    const shared = await train(engine, job, { makePool: poolOn(places) });
    expect(shared.error).toBeNull();
    expect(bitsOf(shared.states).equals(bitsOf(alone.states))).toBe(true);
    const means = [alone, shared].map(({ checkpoints }) => checkpoints.at(-1)!.state.gradientMeans);
    expect(means[1]).toEqual(means[0]);
    expect(means[0]).toHaveLength(4);
    const plan = shared.events.find((event) => event.type === 'plan.made');
    expect(new Set(plan?.parts.map(({ worker }) => worker)).size).toBe(2);
  });

  it('gives the same bits with any places, bf16 on the wire', async () => {
    const job = splitJob({ optimizer: { name: 'rmsprop', learningRate: 1e-3 } }, 2);
    const results = [];
    for (const count of [1, 2, 3]) {
      results.push(await train(engine, job, { makePool: poolOn(placesOf(count).places, 'bf16') }));
    }
    const [first, ...others] = results.map(({ states }) => bitsOf(states));
    for (const other of others) expect(other.equals(first!)).toBe(true);
    const alone = bitsOf((await train(engine, job)).states);
    expect(first!.equals(alone)).toBe(false);
  });

  describe.each(['f32', 'bf16'] as const)('places that come and go, %s on the wire', (wire) => {
    const job = splitJob({ optimizer: { name: 'rmsprop', learningRate: 1e-3 } }, 6);
    let undisturbed: Buffer;
    beforeAll(async () => {
      const { states } = await train(engine, job, { makePool: poolOn(placesOf(2).places, wire) });
      undisturbed = bitsOf(states);
    });

    type Happening = (context: { members: TestPlace[]; places: Places }) => void;
    const newcomer = (name: string): TestPlace => new TestPlace(workers[2]!, name);

    const happenings: Record<string, Readonly<Record<number, Happening>>> = {
      'one is lost': { 4: ({ members }) => members[0]!.kill() },
      'one is lost at once and another later': {
        1: ({ members }) => members[0]!.kill(),
        7: ({ members }) => members[1]!.kill(),
      },
      'one joins': { 3: ({ places }) => places.add(newcomer('late')) },
      'one joins and one is lost': {
        3: ({ places }) => places.add(newcomer('late')),
        5: ({ members }) => members[1]!.kill(),
      },
      'all are lost, and one comes': {
        5: ({ members }) => {
          for (const member of members) member.kill();
        },
      },
      'one leaves': {
        4: ({ members, places }) => {
          members[1]!.leaving = true;
          places.changed();
        },
      },
    };

    it.each(Object.keys(happenings))('changes no bit: %s', async (name) => {
      const { places, members } = placesOf(name.includes('later') ? 3 : 2);
      const { states, events, error } = await train(engine, job, {
        makePool: ({ emit, ...needs }) =>
          poolOn(
            places,
            wire,
          )({
            ...needs,
            emit: (event) => {
              emit(event);
              if (event.type === 'run.waiting') places.add(newcomer('saviour'));
            },
          }),
        onStep: (step) => happenings[name]![step]?.({ members, places }),
      });
      expect(error).toBeNull();
      expect(bitsOf(states).equals(undisturbed)).toBe(true);
      const steps = events.flatMap((event) => (event.type === 'step.done' ? [event.step] : []));
      expect(steps).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
      if (/lost/.test(name)) expect(events.some(({ type }) => type === 'part.recovered')).toBe(true);
      if (/all/.test(name)) expect(events.some(({ type }) => type === 'run.waiting')).toBe(true);
      if (/leaves/.test(name)) {
        const last = events.findLast((event) => event.type === 'plan.made');
        expect(last?.parts.every(({ worker }) => worker === 'worker 1')).toBe(true);
      }
    });

    it('loses a place while it solves', async () => {
      const { places, members } = placesOf(3);
      const solving = (step: number): Promise<void> => {
        if (step === 5) setImmediate(() => members[1]!.kill());
        if (step === 8) setTimeout(() => members[2]!.kill(), 3);
        return Promise.resolve();
      };
      const { states, error } = await train(engine, job, { makePool: poolOn(places, wire), onStep: solving });
      expect(error).toBeNull();
      expect(bitsOf(states).equals(undisturbed)).toBe(true);
    });
  });

  it('gives a place that is slower than it said less to do', async () => {
    const job = splitJob({ optimizer: { name: 'rmsprop', learningRate: 1e-3 } }, 4);
    const alone = await train(engine, job);
    const places = new Places();
    places.add(new TestPlace(workers[0]!, 'modest', SPEED));
    places.add(new TestPlace(workers[1]!, 'boastful', 20 * SPEED));
    const { states, events, error } = await train(engine, job, { makePool: poolOn(places) });
    expect(error).toBeNull();
    expect(bitsOf(states).equals(bitsOf(alone.states))).toBe(true);
    const plans = events.filter((event) => event.type === 'plan.made');
    const widthOf = ({ parts }: (typeof plans)[number], name: string): number =>
      parts.reduce((sum, { worker, start, end }) => sum + (worker === name ? end - start : 0), 0);
    const [first, last] = [plans[0]!, plans.at(-1)!];
    expect(widthOf(first, 'modest')).toBe(0);
    expect(widthOf(last, 'modest')).toBeGreaterThan(100);
    expect(widthOf(last, 'boastful')).toBeGreaterThan(100);
    // Once they are known, they are left alone.
    expect(plans).toHaveLength(2);
  });

  it('leaves no tensor on the engine of the coordinator', async () => {
    const before = await engine.statistics();
    const job = splitJob({ optimizer: { name: 'adam' } }, 4);
    const { error } = await train(engine, job, { makePool: poolOn(placesOf(2).places) });
    expect(error).toBeNull();
    expect((await engine.statistics()).tensors).toBe(before.tensors);
  });

  it('goes on to the bit from a checkpoint within an epoch', async () => {
    const job = splitJob({ optimizer: { name: 'rmsprop', learningRate: 1e-3 } }, 3);
    const whole = await train(engine, job);
    const first = await train(engine, job, { makePool: poolOn(placesOf(2).places), stopAfter: 3 });
    expect(first.outcome).toBe('stopped');
    const { state } = first.checkpoints.at(-1)!;
    const second = await train(engine, job, { from: state, makePool: poolOn(placesOf(3).places) });
    expect(second.error).toBeNull();
    expect(bitsOf(second.states).equals(bitsOf(whole.states))).toBe(true);
  });
});
