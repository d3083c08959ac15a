import { input, multiply } from '#core/expression/expression.js';
import { compileRoutine } from '#core/expression/routine.js';
import { solveRoutine } from '#core/local-problem.js';
import { matricesByColumn } from '#core/separable.js';
import { withoutSharedProducts } from '#core/shared-products.js';
import { BackendLost } from '#engine/backend.js';
import type { Engine, Tensor } from '#engine/engine.js';
import { startEngine } from '#engine/engines.js';
import { downloadLayer, layerTensors, uploadLayer } from '#engine/layer-tensors.js';
import { dividedWidths, divisionOf } from '#engine/onnx/division.js';
import { ColumnThread } from '#engine/onnx/column-thread.js';
import { solveLayer, type LocalProblem, type Solution } from '#engine/solve.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomMatrix, randomState, routineOf, ruleOf } from './support.js';

const SEED = 31;
const [EXAMPLES, INPUTS, UNITS] = [90, 70, 200];
const layer = { inputs: INPUTS, units: UNITS, optimizer: { name: 'rmsprop' }, learningRate: 1e-3 };
const rule = ruleOf(layer);

describe(`a layer whose columns are shared by the threads of an engine (seed ${SEED})`, () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await startEngine('onnx', 2);
  });
  afterAll(() => engine.close());

  const problem = async (examples = EXAMPLES): Promise<LocalProblem> => ({
    inputs: await engine.upload(randomMatrix(SEED, 'inputs', EXAMPLES, INPUTS)),
    displacement: await engine.upload(randomMatrix(SEED, 'displacement', examples, UNITS, 0.1)),
  });
  const release = ({ inputs, displacement }: LocalProblem): void => engine.release([inputs, displacement]);

  /** Solves from this state. */
  const solve = (given: LocalProblem, state: Solution['state']): Promise<Solution> =>
    solveLayer(engine, rule, given, state, { rateFactor: 1, objective: true });

  it('is solved again from the same state after a solve that failed', async () => {
    const sound = await problem();
    const unsound = await problem(EXAMPLES - 1);
    const first = (await solve(sound, await uploadLayer(engine, randomState(SEED, rule)))).state;
    const expected = await downloadLayer(engine, (await solve(sound, first)).state);
    await expect(solve(unsound, first)).rejects.toMatchObject({ code: 'ENGINE_CALL_FAILED' });
    expect(await downloadLayer(engine, (await solve(sound, first)).state)).toEqual(expected);
  });

  it('may be given one matrix under two names', async () => {
    const sound = await problem();
    const fresh = await uploadLayer(engine, randomState(SEED, rule));
    const { weights } = (await solve(sound, fresh)).state;
    const twice = { ...fresh, weights, weightSlots: { ...fresh.weightSlots, momentum: weights } };
    const copy = await engine.upload(await engine.download(weights));
    const apart = { ...twice, weightSlots: { ...fresh.weightSlots, momentum: copy } };
    const results = [(await solve(sound, twice)).state, (await solve(sound, apart)).state];
    const [one, other] = await Promise.all(results.map((state) => downloadLayer(engine, state)));
    expect(one).toEqual(other);
  });

  it('is a whole for whoever reads it', async () => {
    const sound = await problem();
    const { state } = await solve(sound, await uploadLayer(engine, randomState(SEED, rule)));
    const before = await engine.download(state.weights);
    const doubled = await engine.run({
      routine: routineOf({ result: multiply(2, input('x')) }),
      inputs: { x: state.weights },
    });
    const result: Tensor = doubled.tensors['result']!;
    expect((await engine.download(result)).data).toEqual(before.data.map((value) => 2 * value));
    expect(await engine.download(state.weights)).toEqual(before);
  });

  it('holds no more after many solves than after one', async () => {
    let state = await uploadLayer(engine, randomState(SEED, rule));
    const held: object[] = [];
    for (let step = 0; step < 20; step++) {
      const given = await problem();
      const solution = await solve(given, state);
      engine.release(layerTensors(state));
      release(given);
      state = solution.state;
      const { tensors, tensorBytes, sessions } = await engine.statistics();
      held.push({ tensors, tensorBytes, sessions });
    }
    expect(held.map((own) => JSON.stringify(own) === JSON.stringify(held[0]))).not.toContain(false);
  });
});

describe('what the columns of a layer share', () => {
  const compiled = (form: 'gram' | 'direct') => {
    const squared = ruleOf({ ...layer, localLoss: { name: 'squared' }, form });
    return compileRoutine(
      solveRoutine(squared, { preactivationKnown: false, objective: true, repeated: true }),
    );
  };

  it('is the product XᵀX of the Gram form, which needs nothing but X', () => {
    const { shared, perColumn } = withoutSharedProducts(compiled('gram'))!;
    expect(shared).toMatchObject({ inputs: ['inputs'], outputs: ['shared.0'], loop: null });
    expect(shared!.setup.instructions.map(({ op }) => op).toSorted()).toEqual([
      'input',
      'matmul',
      'transpose',
    ]);
    expect(perColumn.inputs).toContain('shared.0');
    expect(matricesByColumn(perColumn)).toEqual(matricesByColumn(compiled('gram')));
  });

  it('is nothing in the direct form', () => {
    const routine = compiled('direct');
    expect(withoutSharedProducts(routine)).toEqual({ shared: null, perColumn: routine });
  });
});

describe('a thread that helps', () => {
  const call = {
    routine: compileRoutine(routineOf({ result: multiply(2, input('x')) })),
    inputs: new Map([['x', { shape: [1, 1] as const, data: Float32Array.of(3) }]]),
    scalars: {},
    passes: [],
  };

  it('gives back what it was given, with the result', async () => {
    const helper = new ColumnThread({ threads: 1, sharesProcessors: false });
    const answer = await helper.run(call);
    expect(answer).toMatchObject({
      results: { outputs: new Map([['result', { data: Float32Array.of(6) }]]) },
    });
    expect(answer.inputs.get('x')!.data).toEqual(Float32Array.of(3));
    await helper.close();
  });

  it('fails the call in hand and all others once it is gone', async () => {
    const helper = new ColumnThread({ threads: 1, sharesProcessors: false });
    const inputs = new Map([['x', { shape: [1, 1] as const, data: Float32Array.of(3) }]]);
    const running = expect(helper.run({ ...call, inputs })).rejects.toBeInstanceOf(BackendLost);
    await helper.close();
    await running;
    await expect(helper.run(call)).rejects.toBeInstanceOf(BackendLost);
  });
});

describe('how many columns each thread takes', () => {
  const routine = compileRoutine(
    solveRoutine(rule, { preactivationKnown: false, objective: true, repeated: true }),
  );
  const widths = (columns: number, threads: number, passes: number): number[] | null => {
    const shapeOf = (name: string): readonly [number, number] =>
      name === 'inputs' ? [EXAMPLES, INPUTS] : [/bias/i.test(name) ? 1 : INPUTS, columns];
    const inputs = new Map(routine.inputs.map((name) => [name, { shape: shapeOf(name) }]));
    const call = { routine, inputs, scalars: {}, passes: new Array<object>(passes).fill({}) as [] };
    return dividedWidths(call, divisionOf(routine)!, threads);
  };

  it.each([
    { columns: 1000, threads: 2, passes: 9, expected: [496, 504] },
    { columns: 784, threads: 4, passes: 9, expected: [192, 208, 192, 192] },
    { columns: 250, threads: 4, passes: 9, expected: [80, 80, 90] },
    { columns: 160, threads: 2, passes: 2, expected: [80, 80] },
    { columns: 159, threads: 2, passes: 9, expected: null },
    { columns: 1000, threads: 2, passes: 1, expected: null },
    { columns: 200, threads: 8, passes: 9, expected: null },
  ])('$columns columns, $threads threads, $passes passes', ({ columns, threads, passes, expected }) => {
    expect(widths(columns, threads, passes)).toEqual(expected);
  });

  it('is more than 64, whatever the layer (all widths up to 2,000, 2 to 8 threads)', () => {
    const narrow: number[][] = [];
    for (let columns = 160; columns <= 2000; columns++) {
      for (let threads = 2; threads <= 8; threads++) {
        const own = widths(columns, threads, 9);
        const sound =
          own === null || (Math.min(...own) > 64 && own.reduce((sum, width) => sum + width) === columns);
        if (!sound) narrow.push([columns, threads]);
      }
    }
    expect(narrow).toEqual([]);
  });
});
