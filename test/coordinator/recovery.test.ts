import { EnginePlace } from '#coordinator/cluster/engine-place.js';
import { LayerHome } from '#coordinator/cluster/layer-home.js';
import type { Recovery } from '#coordinator/cluster/part-home.js';
import type { PartProblem, ResidentPart } from '#coordinator/cluster/place.js';
import { deferred } from '#coordinator/pool/deferred.js';
import { inFloat32, type Matrix } from '#core/matrix.js';
import type { LayerState } from '#core/state.js';
import type { Engine } from '#engine/engine.js';
import { startEngine } from '#engine/engines.js';
import { solveProgram, solveScalars } from '#engine/solve.js';
import { LocopropError } from '#index';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { randomMatrix, randomState, ruleOf } from '../engine/support.js';
import { bitsOf } from './support.js';

const SEED = 7;
const EXAMPLES = 6;
const UNITS = 160;
const rule = ruleOf({ inputs: 5, units: UNITS, optimizer: { name: 'rmsprop' }, learningRate: 1e-2 });
const state = randomState(SEED, rule);
const columns = { layer: 0, start: 0, end: UNITS };
const halves = [
  { layer: 0, start: 0, end: UNITS / 2 },
  { layer: 0, start: UNITS / 2, end: UNITS },
];

const problemMatrix = (name: string, step: number, width: number): Matrix<Float32Array> =>
  inFloat32(randomMatrix(SEED, `${name} ${step}`, EXAMPLES, width, 0.1));

let engine: Engine;
beforeAll(async () => {
  engine = await startEngine('onnx', 1);
});
afterAll(() => engine.close());

/** A place whose loss, and whose times, are the test's to say. */
class TestPlace extends EnginePlace {
  readonly #lost: AbortController;
  /** What a load waits for, once its base is chosen. */
  beforeLoad: () => Promise<unknown> = () => Promise.resolve();
  /** What slots wait for on their way. */
  slotsTravel: Promise<unknown> = Promise.resolve();

  constructor(id: string) {
    const lost = new AbortController();
    super(engine, { id, local: false, gflops: 1, bandwidth: 1e12, memoryBytes: 1e9 }, lost.signal);
    this.#lost = lost;
  }

  override async load(...args: Parameters<EnginePlace['load']>): Promise<ResidentPart> {
    await this.beforeLoad();
    const part = await super.load(...args);
    return {
      solve: (problem) => part.solve(problem),
      settle: (step, accepted) => part.settle(step, accepted),
      fetch: async (step) => {
        const slots = await part.fetch(step);
        await this.slotsTravel;
        return slots;
      },
      unload: () => part.unload(),
    };
  }

  lose(): void {
    const details = { worker: this.offer.id, reason: 'killed by the test' };
    this.#lost.abort(new LocopropError('CLUSTER_WORKER_LOST', details));
  }
}

const layerOn = async (spare: TestPlace, recoveries: Recovery[] = []): Promise<LayerHome> =>
  LayerHome.create(rule, structuredClone(state), 0, {
    engine,
    wire: 'f32',
    objective: true,
    batch: EXAMPLES,
    choosePlace: () => Promise.resolve(spare),
    onRecovered: (recovery) => recoveries.push(recovery),
    onSolved: () => undefined,
  });

async function makeStep(home: LayerHome, step: number): Promise<void> {
  const inputs = await engine.upload(problemMatrix('inputs', step, rule.inputs));
  const displacement = await engine.upload(problemMatrix('displacement', step, UNITS));
  const preactivation = displacement;
  const problem = { layer: 0, step, attempt: 1, rateFactor: 1, inputs, displacement, preactivation };
  await home.solve(problem, Promise.resolve());
  await home.settle(true);
  home.commit();
  engine.release([inputs, displacement]);
}

async function undisturbed(steps: number): Promise<LayerState> {
  const place = new TestPlace('only');
  const home = await layerOn(place);
  await home.arrange([{ columns, place }]);
  for (let step = 1; step <= steps; step++) await makeStep(home, step);
  const last = await home.state();
  home.close();
  return last;
}

it("a part is made again from one moment's state and steps, though slots come home meanwhile", async () => {
  const [lost, slow, spare] = [new TestPlace('lost'), new TestPlace('slow'), new TestPlace('spare')];
  const recoveries: Recovery[] = [];
  const home = await layerOn(spare, recoveries);
  await home.arrange([
    { columns: halves[0]!, place: lost },
    { columns: halves[1]!, place: slow },
  ]);
  const arrival = deferred<null>();
  slow.slotsTravel = arrival.promise;
  await makeStep(home, 1);
  const slotsHome = home.bringSlotsHome(false);
  // Those of the place that is lost have arrived: the engine does one thing after the other.
  await engine.statistics();
  lost.lose();
  spare.beforeLoad = () => {
    arrival.resolve(null);
    return slotsHome;
  };
  await makeStep(home, 2);
  expect(bitsOf([await home.state()]).equals(bitsOf([await undisturbed(2)]))).toBe(true);
  expect(recoveries).toMatchObject([{ from: 'lost', to: 'spare', repeated: 1 }]);
  home.close();
});

it.each([
  ['before its turn', 2],
  ['a second time', 0],
])('the own engine solves no step %s', async (_, step) => {
  const place = new EnginePlace(engine, new TestPlace('own').offer);
  const program = solveProgram(rule, { preactivationKnown: false, objective: true });
  const part = await place.load(
    { columns, program, batch: EXAMPLES, wire: 'f32' },
    structuredClone(state),
    0,
  );
  const problem: PartProblem = {
    step: 1,
    attempt: 1,
    inputs: problemMatrix('inputs', 1, rule.inputs),
    displacement: problemMatrix('displacement', 1, UNITS),
    numbers: solveScalars(rule, { examples: EXAMPLES, rateFactor: 1, updates: 0 }),
    swept: Promise.resolve(),
  };
  await expect(part.solve({ ...problem, step })).rejects.toThrow(/step/);
  // Without a solution there is nothing to settle.
  part.settle(1, true);
  await expect(part.solve({ ...problem, step: 2 })).rejects.toThrow(/step/);
  await part.solve(problem);
  part.unload();
});
