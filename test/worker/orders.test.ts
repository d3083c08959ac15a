import { partBytes } from '#core/part-memory.js';
import { randomStream } from '#core/random.js';
import type { Engine } from '#engine/engine.js';
import { startEngine } from '#engine/engines.js';
import type { Load, Solve, TensorHeader } from '#services/rpc/messages.js';
import type { Parts } from '#worker/parts.js';
import { Refusal } from '#worker/refusal.js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { randomState, ruleOf } from '../engine/support.js';
import { bitsOf, loadOf, partsOn, problemOf, solveOf, type Sent, type SolveChoice } from './support.js';

const SEED = 32;
const EXAMPLES = 6;
const rule = ruleOf({ inputs: 5, units: 4, optimizer: { name: 'rmsprop' }, learningRate: 1e-2 });
const state = randomState(SEED, rule);

let engine: Engine;
beforeAll(async () => {
  engine = await startEngine('onnx', 1);
});
afterAll(() => engine.close());

let parts: Parts;
beforeEach(() => {
  parts = partsOn(engine);
});
afterEach(async () => {
  await parts.close();
  expect(await tensorsHeld()).toBe(0);
});

const tensorsHeld = async (): Promise<number> => (await engine.statistics()).tensors;
/** Weights, bias and their slots. */
const TENSORS_OF_STATE = 2 + 2 * Object.keys(state.weightSlots).length;

const loadSent = ({ message, receive }: Sent<Load>) => parts.load(message, receive);
const solveSent = ({ message, receive }: Sent<Solve>) => parts.solve(message, receive);

const load = (choice: Parameters<typeof loadOf>[2] = {}) =>
  loadSent(loadOf(rule, state, { batch: EXAMPLES, ...choice }));
const solve = (step: number, choice: SolveChoice = {}, problem = step) =>
  solveSent(solveOf(rule, step, problemOf(SEED, problem, rule, EXAMPLES), choice));
const settle = (step: number, accepted = true) => parts.settle({ part: 1, step, accepted });
const fetch = (step: number) => parts.fetch({ request: 1, part: 1, step });

const refused = (code: string, reason?: RegExp): object =>
  expect.objectContaining({
    code: `REFUSAL_CODE_${code}`,
    ...(reason && { message: expect.stringMatching(reason) as string }),
  }) as object;

describe('a solve that is asked for again', () => {
  beforeEach(() => load());

  it('is answered from what was kept', async () => {
    const first = await solve(1);
    const seconds = parts.busySeconds;
    const again = await solve(1);
    expect(again).toEqual({ ...first, repeated: true });
    expect(parts).toMatchObject({ solves: 1, busySeconds: seconds });
    expect(await tensorsHeld()).toBe(2 * TENSORS_OF_STATE);
  });

  it.each([
    ['with another attempt', () => solve(1, { attempt: 2 })],
    ['with other numbers', () => solve(1, { rateFactor: 0.5 })],
    ['with other matrices', () => solve(1, {}, 2)],
  ])('is solved again %s, and replaces the earlier solution', async (_, again) => {
    await solve(1);
    const last = await again();
    expect(last.repeated).toBe(false);
    expect(await tensorsHeld()).toBe(2 * TENSORS_OF_STATE);
    await settle(1);
    const next = await solve(2);

    await parts.unload(1);
    await load();
    await again();
    await settle(1);
    expect(bitsOf((await solve(2)).weights)).toBe(bitsOf(next.weights));
  });

  it('is refused when a later attempt was solved, or the step is settled', async () => {
    const second = await solve(1, { attempt: 2, rateFactor: 0.5 });
    await expect(solve(1)).rejects.toEqual(refused('STEP_STALE', /attempt 1 comes after attempt 2/));
    expect(await solve(1, { attempt: 2, rateFactor: 0.5 })).toEqual({ ...second, repeated: true });
    await settle(1);
    await expect(solve(1, { attempt: 2 })).rejects.toEqual(refused('STEP_STALE'));
    await expect(solve(3)).rejects.toEqual(
      refused('STEP_STALE', /step 3 was asked for, and step 1 is settled/),
    );
  });

  it('waits for its turn, as all that is asked of a part does', async () => {
    const asked = [
      solve(1),
      settle(1),
      fetch(1),
      solve(2),
      settle(2, false),
      fetch(2),
      parts.unload(1),
    ] as const;
    const [first, , slots, second, , later] = await Promise.all(asked);
    expect(first.repeated || second.repeated).toBe(false);
    expect(slots.updates).toBe(rule.iterations);
    expect(later).toEqual(slots);
    expect(parts.count).toBe(0);
  });
});

describe('settling', () => {
  beforeEach(() => load());

  it('keeps the old state where the solution is dropped', async () => {
    const dropped = await solve(1);
    expect(await settle(1, false)).toBe('settled');
    expect(await tensorsHeld()).toBe(TENSORS_OF_STATE);
    const { updates } = await fetch(1);
    expect(updates).toBe(0);
    const again = await solve(2, { updates: 0 }, 1);
    expect(bitsOf(again.weights)).toBe(bitsOf(dropped.weights));
  });

  it('is done once', async () => {
    await solve(1);
    expect(await settle(1)).toBe('settled');
    await solve(2);
    expect(await settle(1)).toBe('repeated');
    expect(await settle(1, false)).toBe('repeated');
    expect(await settle(2)).toBe('settled');
  });

  it('is impossible for another step, and without a solution', async () => {
    expect(await settle(2)).toBe('impossible');
    expect(await settle(1)).toBe('impossible');
    expect(await parts.settle({ part: 9, step: 1, accepted: true })).toBe('impossible');
    await solve(1);
    expect(await settle(1)).toBe('settled');
  });
});

describe('the slots', () => {
  it('are those of the settled step only', async () => {
    await load({ step: 7 });
    await expect(fetch(6)).rejects.toEqual(refused('STEP_STALE'));
    await expect(fetch(8)).rejects.toEqual(refused('STEP_STALE'));
    const loaded = await fetch(7);
    for (const [slot, matrix] of Object.entries(state.weightSlots)) {
      expect(bitsOf(loaded.weightSlots[slot]!)).toBe(bitsOf(matrix));
    }
  });
});

describe('a solution that is not finite', () => {
  it.each(['inputs', 'displacement'] as const)('is told of, where %s were not', async (name) => {
    await load();
    const problem = problemOf(SEED, 1, rule, EXAMPLES);
    problem[name].data[3] = NaN;
    const answer = await solveSent(solveOf(rule, 1, problem));
    expect(answer.finite).toBe(false);
    expect(await settle(1, false)).toBe('settled');
    expect(await solve(2, { updates: 0 })).toMatchObject({ finite: true });
  });
});

const reshaped = (header: TensorHeader | null, change: Partial<TensorHeader>): TensorHeader => ({
  ...header!,
  ...change,
});

describe('a Load', () => {
  const { message, receive } = loadOf(rule, state, { batch: EXAMPLES });
  const routine = message.routine!;
  const [lacking = ''] = Object.keys(message.weightSlots);
  const { [lacking]: _, ...fewer } = message.weightSlots;
  it.each<[string, Partial<Load>, RegExp]>([
    ['without weights', { weights: null }, /no matrix "weights"/],
    ['without a bias', { bias: null }, /no matrix "bias"/],
    ['whose columns are others', { end: 5 }, /columns 0 to 5 are 5, the weights have 4/],
    ['whose columns end before they start', { start: 4, end: 0 }, /columns 4 to 0/],
    ['whose bias is too wide', { bias: reshaped(message.bias, { columns: 5 }) }, /"bias" is 1×5, not 1×4/],
    ['whose bias is too high', { bias: reshaped(message.bias, { rows: 2 }) }, /"bias" is 2×4, not 1×4/],
    [
      'whose slot has another shape',
      { weightSlots: { ...message.weightSlots, [lacking]: reshaped(message.weights, { rows: 4 }) } },
      /"weights\.\w+" is 4×4, not 5×4/,
    ],
    ['that lacks a slot of the weights', { weightSlots: fewer }, /the slots of the bias are/],
    [
      'that lacks all slots',
      { weightSlots: {}, biasSlots: {} },
      /the outputs of the routine are .*not bias, weights/,
    ],
    ['of no batch', { batch: 0 }, /no examples/],
    ['without a routine', { routine: null }, /no routine/],
    [
      'whose routine gives less',
      { routine: { ...routine, outputs: ['weights', 'bias'] } },
      /outputs of the routine/,
    ],
    ['whose routine has no energy', { routine: { ...routine, numbers: [] } }, /displacementEnergy/],
    [
      'whose routine reads what is not here',
      {
        routine: {
          ...routine,
          setup: {
            nodes: [{ op: 'input', args: [], name: 'preactivation', value: 0, axis: '' }],
            results: Object.fromEntries(routine.outputs.map((name) => [name, 0])),
          },
        },
      },
      /reads "preactivation"/,
    ],
    [
      'whose routine is none',
      { routine: { ...routine, setup: { nodes: [], results: { weights: 4 } } } },
      /routine/,
    ],
    [
      'of results of an unknown type',
      { resultType: 'ELEMENT_TYPE_UNSPECIFIED' as 'ELEMENT_TYPE_F32' },
      /UNSPECIFIED/,
    ],
  ])('is refused before a matrix is taken: %s', async (_, change, reason) => {
    const taken: TensorHeader[] = [];
    const counting = (header: TensorHeader) => {
      taken.push(header);
      return receive(header);
    };
    await expect(parts.load({ ...message, ...change }, counting)).rejects.toEqual(refused('INVALID', reason));
    expect(taken).toEqual([]);
    expect(parts).toMatchObject({ count: 0, residentBytes: 0 });
  });

  it('is refused where the part is here already', async () => {
    await load();
    await expect(load()).rejects.toEqual(refused('INVALID', /part 1 is here already/));
    expect(await solve(1)).toMatchObject({ finite: true });
  });

  it.each(['weights', 'bias'] as const)('is refused with %s that are not finite', async (name) => {
    const sent = loadOf(rule, state);
    sent.matrices.get(sent.message[name]!.id)!.data[2] = Infinity;
    const loading = loadSent(sent);
    const early = solve(1);
    await expect(loading).rejects.toEqual(refused('INVALID', new RegExp(`entry 2 of "${name}" is Infinity`)));
    await expect(early).rejects.toEqual(refused('PART_UNKNOWN'));
    expect(parts.count).toBe(0);
  });

  it('fails with its matrices', async () => {
    const broken = new Error('the connection is gone');
    const loading = parts.load(message, ({ id }) =>
      id === message.bias!.id ? Promise.reject(broken) : receive({ ...message.weights!, id }),
    );
    await expect(loading).rejects.toBe(broken);
    expect(parts.count).toBe(0);
  });
});

describe('a Solve', () => {
  const { message, receive } = solveOf(rule, 1, problemOf(SEED, 1, rule, EXAMPLES));
  it.each<[string, Partial<Solve>, RegExp]>([
    ['without inputs', { inputs: null }, /no matrix "inputs"/],
    ['without a displacement', { displacement: null }, /no matrix "displacement"/],
    ['of a wider layer', { inputs: reshaped(message.inputs, { columns: 6 }) }, /"inputs" is 6×6, not 6×5/],
    ['of other columns', { displacement: reshaped(message.displacement, { columns: 3 }) }, /is 6×3, not 6×4/],
    ['of other examples', { displacement: reshaped(message.displacement, { rows: 5 }) }, /is 5×4, not 6×4/],
    [
      'of too many examples',
      { inputs: reshaped(message.inputs, { rows: 7 }) },
      /7 examples, where a batch has 1 to 6/,
    ],
    ['of no examples', { inputs: reshaped(message.inputs, { rows: 0 }) }, /0 examples/],
  ])('is refused before a matrix is taken: %s', async (_, change, reason) => {
    await load();
    const none = () => Promise.reject(new Error('a matrix was taken'));
    await expect(parts.solve({ ...message, ...change }, none)).rejects.toEqual(refused('INVALID', reason));
    expect(await parts.solve(message, receive)).toMatchObject({
      finite: true,
    });
  });

  it('is refused for a part that is not here', async () => {
    await expect(solve(1)).rejects.toEqual(refused('PART_UNKNOWN'));
    await expect(fetch(0)).rejects.toEqual(refused('PART_UNKNOWN'));
    await load();
    await parts.unload(1);
    await parts.unload(1);
    await expect(solve(1)).rejects.toBeInstanceOf(Refusal);
  });

  it('that the engine fails is refused, and leaves the part as it was', async () => {
    await load();
    const lacking = { ...message, scalars: { values: {} } };
    await expect(parts.solve(lacking, receive)).rejects.toMatchObject({
      code: 'REFUSAL_CODE_ENGINE_FAILED',
      message: expect.stringContaining('no value for the scalar') as string,
    });
    expect(await tensorsHeld()).toBe(TENSORS_OF_STATE);
    expect(await solve(1)).toMatchObject({ finite: true, repeated: false });
  });
});

describe('memory', () => {
  const bytes = partBytes({ inputs: 5, slots: 2, solver: 'iterative' }, 4, EXAMPLES);

  it('is set aside for each part, and refused beyond what was announced', async () => {
    parts = partsOn(engine, 2.5 * bytes);
    await load({ part: 1 });
    await load({ part: 2 });
    expect(parts.residentBytes).toBe(2 * bytes);
    const reason = new RegExp(`needs ${bytes} bytes, and ${bytes / 2} bytes are free`);
    await expect(load({ part: 3 })).rejects.toEqual(refused('MEMORY_EXCEEDED', reason));
    // Freed in the order of the messages, not when the engine comes to it.
    const unloaded = parts.unload(1);
    await load({ part: 3 });
    await unloaded;
    expect(parts.residentBytes).toBe(2 * bytes);
  });
});

describe('a hundred steps of requests in all orders', () => {
  it(`leave nothing on the engine (seed ${SEED})`, async () => {
    const { integerBelow: integer } = randomStream(SEED, 'orders');
    const { sessions } = await engine.statistics();
    let settled = 0;
    let updates = 0;
    await load();
    for (let step = 1; step <= 100; step++) {
      const work: Promise<unknown>[] = [];
      const solves = integer(3);
      for (let attempt = 1; attempt <= solves; attempt++) {
        for (let repeats = integer(3); repeats >= 0; repeats--) work.push(solve(step, { attempt, updates }));
      }
      if (integer(4) === 0)
        work.push(fetch(settled), fetch(settled + 1), solve(settled + 2), settle(settled));
      if (integer(4) === 0) work.push(load());
      const accepted = solves > 0 && integer(4) > 0;
      work.push(settle(step, accepted));
      if (integer(10) === 0) {
        work.push(solve(step + 1, { updates }), parts.unload(1), load({ step }));
        updates = 0;
      } else if (accepted) updates += rule.iterations;
      const outcomes = await Promise.allSettled(work);
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(Refusal);
      }
      settled = step;
      expect(await fetch(step)).toBeDefined();
      expect(await tensorsHeld()).toBe(TENSORS_OF_STATE);
    }
    expect(parts.solves).toBeGreaterThan(100);
    await parts.unload(1);
    expect(await tensorsHeld()).toBe(0);
    // However often the part was loaded.
    expect((await engine.statistics()).sessions).toBe(sessions + 1);
  });
});
