import type { LayerRule } from '#core/layer.js';
import type { Matrix } from '#core/matrix.js';
import type { LayerState } from '#core/state.js';
import type { Engine } from '#engine/engine.js';
import { startEngine } from '#engine/engines.js';
import { downloadLayer, layerTensors, uploadLayer } from '#engine/layer-tensors.js';
import { solveLayer } from '#engine/solve.js';
import type { Answer } from '#worker/resident-part.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { columnsOf, optimizerChoices, randomState, ruleOf } from '../engine/support.js';
import { bitsOf, loadOf, partsOn, problemOf, solveOf, toFloat32 } from './support.js';

const SEED = 31;
const EXAMPLES = 130;
const UNITS = 150;
const STEPS = 3;
const layer = { inputs: 100, units: UNITS, learningRate: 1e-3 };

const rules: Record<string, LayerRule> = {
  ...Object.fromEntries(
    ['matching', 'squared'].flatMap((localLoss) =>
      optimizerChoices.map((optimizer) => [
        `${localLoss}, ${optimizer.name}`,
        ruleOf({ ...layer, localLoss: { name: localLoss }, optimizer }),
      ]),
    ),
  ),
  'the Gram form': ruleOf({ ...layer, localLoss: { name: 'squared' }, form: 'gram' }),
  'one local iteration': ruleOf({ ...layer, iterations: 1 }),
  'the exact solver': ruleOf({
    ...layer,
    localLoss: { name: 'squared' },
    regularizer: { name: 'proximal', eta: 0.5 },
    solver: 'exact',
  }),
};

const divisions: Record<string, readonly (readonly [number, number])[]> = {
  whole: [[0, UNITS]],
  split: [
    [0, 80],
    [80, UNITS],
  ],
};

/** Matrices and numbers of a layer after each step, as `solveLayer` has them. */
async function expected(
  engine: Engine,
  rule: LayerRule,
): Promise<{ states: LayerState[]; objectives: number[] }> {
  let state = await uploadLayer(engine, randomState(SEED, rule));
  const states: LayerState[] = [];
  const objectives: number[] = [];
  for (let step = 1; step <= STEPS; step++) {
    const problem = problemOf(SEED, step, rule, EXAMPLES);
    const inputs = await engine.upload(problem.inputs);
    const displacement = await engine.upload(problem.displacement);
    const settings = { rateFactor: 1, objective: true };
    const solution = await solveLayer(engine, rule, { inputs, displacement }, state, settings);
    engine.release([inputs, displacement, ...layerTensors(state)]);
    state = solution.state;
    states.push(await downloadLayer(engine, state));
    objectives.push(solution.objectiveAfter!);
  }
  engine.release(layerTensors(state));
  return { states, objectives };
}

describe('parts of a layer, solved by a worker on ONNX Runtime', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await startEngine('onnx', 1);
  });
  afterAll(() => engine.close());

  describe.each(Object.keys(divisions))('%s', (division) => {
    it.each(Object.keys(rules))(`equal solveLayer to the bit: %s (seed ${SEED})`, async (name) => {
      const rule = rules[name]!;
      const whole = await expected(engine, rule);
      const columnsOfParts = divisions[division]!;
      const parts = partsOn(engine);
      for (const [part, columns] of columnsOfParts.entries()) {
        const { message, receive } = loadOf(rule, randomState(SEED, rule), { part, columns });
        await parts.load(message, receive);
      }
      for (let step = 1; step <= STEPS; step++) {
        const problem = problemOf(SEED, step, rule, EXAMPLES);
        const state = whole.states[step - 1]!;
        const answers: Answer[] = [];
        for (const [part, columns] of columnsOfParts.entries()) {
          const { message, receive } = solveOf(rule, step, problem, { part, columns });
          const answer = await parts.solve(message, receive);
          answers.push(answer);
          const cut = (matrix: Matrix): string => bitsOf(columnsOf(matrix, ...columns));
          expect(answer).toMatchObject({ finite: true, repeated: false, type: 'ELEMENT_TYPE_F32' });
          expect(bitsOf(answer.weights)).toBe(cut(state.weights));
          expect(bitsOf(answer.bias)).toBe(cut(state.bias));
          expect(await parts.settle({ part, step, accepted: true })).toBe('settled');
          const slots = await parts.fetch({ request: 1, part, step });
          expect(slots.updates).toBe(state.updates);
          const bits = (matrices: Readonly<Record<string, Matrix>>, of = bitsOf): Record<string, string> =>
            Object.fromEntries(Object.entries(matrices).map(([slot, matrix]) => [slot, of(matrix)]));
          expect(bits(slots.weightSlots)).toEqual(bits(state.weightSlots, cut));
          expect(bits(slots.biasSlots)).toEqual(bits(state.biasSlots, cut));
        }
        const objective = answers.reduce((sum, { objectiveAfter }) => sum + objectiveAfter!, 0);
        expect(objective).toBeCloseTo(whole.objectives[step - 1]!, 3);
      }
      await parts.close();
      expect((await engine.statistics()).tensors).toBe(0);
    });
  });
});

describe('parts on an engine of 64 bits', () => {
  it('go on from the numbers of 32 bits that they have sent', async () => {
    const engine = await startEngine('reference', 1);
    const rule = ruleOf({ inputs: 5, units: 4, optimizer: { name: 'rmsprop' }, learningRate: 1e-2 });
    const parts = partsOn(engine);
    const load = loadOf(rule, randomState(SEED, rule));
    await parts.load(load.message, load.receive);
    const first = solveOf(rule, 1, problemOf(SEED, 1, rule, 6));
    const { weights, bias } = await parts.solve(first.message, first.receive);
    await parts.settle({ part: 1, step: 1, accepted: true });
    const { updates, ...slots } = await parts.fetch({ request: 1, part: 1, step: 1 });
    const next = solveOf(rule, 2, problemOf(SEED, 2, rule, 6));
    const gone = await parts.solve(next.message, next.receive);

    // As a worker that takes the part over has it.
    const copy = loadOf(rule, { weights, bias, ...slots, updates }, { part: 2, step: 1 });
    await parts.load(copy.message, copy.receive);
    const again = await parts.solve({ ...next.message, part: 2 }, next.receive);
    expect(bitsOf(again.weights)).toBe(bitsOf(gone.weights));
    expect(bitsOf(again.bias)).toBe(bitsOf(gone.bias));
    await parts.close();
    expect((await engine.statistics()).tensors).toBe(0);
    await engine.close();
  });
});

describe('differences of 16 bits', () => {
  it(`leave both ends with the same bits, step after step (seed ${SEED})`, async () => {
    const engine = await startEngine('onnx', 1);
    const rule = ruleOf({ ...layer, optimizer: { name: 'adam' } });
    const state = randomState(SEED, rule);
    const parts = partsOn(engine);
    const load = loadOf(rule, state, { resultType: 'ELEMENT_TYPE_BF16' });
    await parts.load(load.message, load.receive);
    // What the coordinator holds, by an addition in 32 bits of its own.
    const held = { weights: toFloat32(state.weights), bias: toFloat32(state.bias) };
    const add = (to: Matrix, difference: Matrix): void => {
      for (const [index, value] of difference.data.entries()) {
        to.data[index] = Math.fround(to.data[index]! + value);
      }
    };
    for (let step = 1; step <= STEPS; step++) {
      const problem = problemOf(SEED, step, rule, EXAMPLES);
      const solve = solveOf(rule, step, problem);
      const answer = await parts.solve(solve.message, solve.receive);
      expect(answer.type).toBe('ELEMENT_TYPE_BF16');
      const bits = new Uint32Array(answer.weights.data.buffer);
      expect(bits.every((value) => (value & 0xffff) === 0)).toBe(true);
      expect(answer.weights.data.some((value) => value !== 0)).toBe(true);
      add(held.weights, answer.weights);
      add(held.bias, answer.bias);
      await parts.settle({ part: 1, step, accepted: true });

      // A part loaded with what the coordinator holds solves as the resident one does.
      const { updates, ...slots } = await parts.fetch({ request: 1, part: 1, step });
      const next = solveOf(rule, step + 1, problemOf(SEED, step + 1, rule, EXAMPLES));
      const resident = await parts.solve(next.message, next.receive);
      const copy = loadOf(
        rule,
        { ...held, ...slots, updates },
        { part: 2, step, resultType: 'ELEMENT_TYPE_BF16' },
      );
      await parts.load(copy.message, copy.receive);
      const loaded = await parts.solve({ ...next.message, part: 2 }, next.receive);
      expect(bitsOf(loaded.weights)).toBe(bitsOf(resident.weights));
      expect(bitsOf(loaded.bias)).toBe(bitsOf(resident.bias));
      await parts.unload(2);
    }
    await parts.close();
    expect((await engine.statistics()).tensors).toBe(0);
    await engine.close();
  });
});
