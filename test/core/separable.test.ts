import { countingInputs, exactRoutine, sweepPasses } from '#core/exact.js';
import {
  divide,
  greater,
  input,
  matmul,
  multiply,
  scalar,
  sqrt,
  square,
  subtract,
  sum,
  transpose,
  type Expression,
} from '#core/expression/expression.js';
import type { Routine } from '#core/expression/routine.js';
import { solveRoutine } from '#core/local-problem.js';
import type { LayerRule } from '#core/layer.js';
import type { Matrix } from '#core/matrix.js';
import type { Optimizer, Part, TransferFunction } from '#core/parts/part.js';
import { builtInParts } from '#core/parts/registry.js';
import { separableColumns } from '#core/separable.js';
import { describe, expect, it } from 'vitest';
import { columnsOf, optimizerChoices, randomMatrix, ruleOf, type RuleChoice } from '../engine/support.js';
import { newSeed } from '../store/support.js';
import { run } from './support.js';

const [EXAMPLES, INPUTS, UNITS, CUT] = [6, 5, 7, 3];
const size = { inputs: INPUTS, units: UNITS };

const routineOf = (rule: LayerRule): Routine =>
  rule.solver === 'exact'
    ? exactRoutine
    : solveRoutine(rule, { preactivationKnown: false, objective: true, repeated: rule.iterations > 1 });

/** The outputs of solving the columns start to end − 1 alone, in float64. */
async function solveColumns(rule: LayerRule, seed: number, start: number, end: number): Promise<Matrix[]> {
  const routine = routineOf(rule);
  const part = (name: string, rows: number): Matrix =>
    columnsOf(randomMatrix(seed, name, rows, UNITS, 0.5), start, end);
  // Slots are above zero, as roots are taken of some.
  const slot = (name: string, rows: number): Matrix => {
    const { data, ...shape } = part(name, rows);
    return { ...shape, data: data.map((value) => 0.1 + Math.abs(value)) };
  };
  const slots = routine.outputs.filter((name) => name.includes('.'));
  const ofSlots = slots.map((name): [string, Matrix] => [
    name.replace(/^weights/, 'initialWeights').replace(/^bias/, 'initialBias'),
    slot(name, name.startsWith('weights') ? INPUTS : 1),
  ]);
  const rates = Array.from({ length: rule.iterations }, (_, k) => ({
    examples: EXAMPLES,
    rate: 0.05,
    count: k + 1,
  }));
  const exact = rule.solver === 'exact';
  const results = await run(routine, {
    inputs: {
      inputs: randomMatrix(seed, 'inputs', EXAMPLES, INPUTS),
      ...countingInputs(INPUTS),
      displacement: part('displacement', EXAMPLES),
      initialWeights: part('weights', INPUTS),
      initialBias: part('bias', 1),
      ...Object.fromEntries(ofSlots),
    },
    scalars: exact ? { examples: EXAMPLES, eta: 0.5 } : rates[0]!,
    passes: exact ? sweepPasses(INPUTS, 1e-14) : rates.slice(1),
  });
  return routine.outputs.map((name) => results[name]!);
}

/** Whether two parts side by side are the whole to the bit: the reference engine sums row by row. */
async function partsEqualWhole(rule: LayerRule, seed: number): Promise<boolean> {
  const whole = await solveColumns(rule, seed, 0, UNITS);
  const left = await solveColumns(rule, seed, 0, CUT);
  const right = await solveColumns(rule, seed, CUT, UNITS);
  return whole.every((matrix, at) =>
    [left[at]!, right[at]!].every((part, side) => {
      const [start, end] = side === 0 ? [0, CUT] : [CUT, UNITS];
      const expected = columnsOf(matrix, start, end).data;
      return part.data.every((value, index) => Object.is(value, expected[index]));
    }),
  );
}

async function expectSeparable(rule: LayerRule, seed: number, expected: boolean): Promise<void> {
  const name = [rule.transfer, rule.localLoss, rule.optimizer, rule.regularizer].map(({ part }) => part.name);
  expect(separableColumns(routineOf(rule)), name.join(' ')).toBe(expected);
  expect(await partsEqualWhole(rule, seed), name.join(' ')).toBe(expected);
}

const regularizers = [{ name: 'none' }, { name: 'proximal', eta: 2 }, { name: 'l2', lambda: 0.1 }];
const namesOf = (kind: Part['kind']): string[] =>
  builtInParts.filter((part) => part.kind === kind).map(({ name }) => name);

describe('the columns of a built-in rule', () => {
  it('are tried with every regularizer and optimizer', () => {
    expect(regularizers.map(({ name }) => name)).toEqual(namesOf('regularizer'));
    expect(optimizerChoices.map(({ name }) => name)).toEqual(namesOf('optimizer'));
  });

  const cases = namesOf('transfer').flatMap((transfer) =>
    namesOf('localLoss').map((localLoss) => ({ transfer, localLoss })),
  );
  it.each(cases)('separate unless softmax is matched: $transfer, $localLoss', async (choice) => {
    const seed = newSeed();
    const separable = choice.transfer !== 'softmax' || choice.localLoss !== 'matching';
    for (const optimizer of optimizerChoices) {
      for (const regularizer of regularizers) {
        const rule = ruleOf({
          ...size,
          transfer: { name: choice.transfer },
          localLoss: { name: choice.localLoss },
          optimizer,
          regularizer,
        });
        await expectSeparable(rule, seed, separable);
      }
    }
  });

  const squared: RuleChoice = { ...size, localLoss: { name: 'squared' } };
  it.each<[string, LayerRule]>([
    ['the Gram form', ruleOf({ ...squared, form: 'gram', optimizer: { name: 'rmsprop' } })],
    [
      'the exact solver',
      ruleOf({ ...squared, solver: 'exact', regularizer: { name: 'proximal', eta: 0.5 } }),
    ],
    ['one local iteration', ruleOf({ ...size, iterations: 1 })],
  ])('separate: %s', async (_, rule) => {
    await expectSeparable(rule, newSeed(), true);
  });
});

const optimizer = (
  name: string,
  step: (gradient: Expression, rate: Expression) => Expression,
): Optimizer => ({
  kind: 'optimizer',
  name,
  parameters: { learningRate: { description: 'Learning rate.' } },
  slots: () => ({}),
  update: ({ parameter, gradient, rate }) => ({
    parameter: subtract(parameter, step(gradient, rate)),
    slots: {},
  }),
});

const centredRows: TransferFunction = {
  kind: 'transfer',
  name: 'centred_rows',
  elementwise: true,
  parameters: {},
  value: (a) => subtract(a, multiply(0.1, sum(a, 1))),
  pullback: (d) => d,
};

const lengthOver = (axis: 0 | 1 | 'all') => (gradient: Expression, rate: Expression) =>
  multiply(rate, divide(gradient, sqrt(sum(square(gradient), axis))));

describe('the columns of a rule of a plugin', () => {
  it.each<[string, boolean, Part]>([
    ['a step of unit length in each column', true, optimizer('own', lengthOver(0))],
    ['a step of unit length in each row', false, optimizer('own', lengthOver(1))],
    ['a step of unit length', false, optimizer('own', lengthOver('all'))],
    [
      'a step whitened by the other columns',
      false,
      optimizer('own', (gradient, rate) =>
        multiply(rate, matmul(gradient, matmul(transpose(gradient), gradient))),
      ),
    ],
    ['a transfer function that wrongly says it acts on each entry', false, centredRows],
  ])('%s: %s', async (_, expected, part) => {
    const chosen = { name: part.name };
    const choice = part.kind === 'optimizer' ? { optimizer: chosen } : { transfer: chosen };
    await expectSeparable(ruleOf({ ...size, ...choice }, [part]), newSeed(), expected);
  });
});

describe('the columns of a routine', () => {
  const weights = input('initialWeights');
  const verdict = (bindings: Routine['setup'], rest: Partial<Routine> = {}): boolean =>
    separableColumns({ name: 'test', setup: bindings, outputs: ['weights'], ...rest });

  it('do not separate where a matrix of other columns stands beside them', () => {
    expect(verdict({ weights: multiply(weights, input('inputs')) })).toBe(false);
    expect(verdict({ weights: multiply(weights, sum(input('inputs'), 1)) })).toBe(true);
  });

  it('do not separate in an output without columns, or one of unknown matrices', () => {
    expect(verdict({ weights: scalar('rate') })).toBe(false);
    expect(verdict({ weights: input('inputs') })).toBe(false);
    expect(verdict({ weights: multiply(weights, input('stranger')) })).toBe(false);
  });

  it('do not separate where a later pass of a loop couples them', () => {
    const body = { weights: multiply(input('weights'), input('bias')), bias: input('scale') };
    const scale = (value: Expression) => ({ weights, bias: input('initialBias'), scale: value });
    expect(verdict(scale(sum(input('initialBias'), 0)), { loop: { body } })).toBe(true);
    expect(verdict(scale(sum(input('initialBias'), 1)), { loop: { body } })).toBe(false);
  });

  it('do not separate where their state ends the loop', () => {
    const body = { weights: multiply(input('weights'), 0.5) };
    const loop = (more: Expression) => ({ loop: { body: { ...body, more }, while: 'more' } });
    expect(verdict({ weights }, loop(greater(sum(input('weights'), 'all'), 1)))).toBe(false);
    expect(verdict({ weights }, loop(greater(input('weights'), 1)))).toBe(false);
    expect(verdict({ weights }, loop(greater(sum(input('inputs'), 'all'), 1)))).toBe(true);
  });

  it('may couple in what is only reported', () => {
    const coupled = sum(input('weights'), 'all');
    expect(verdict({ weights }, { final: { coupled }, numbers: ['coupled'] })).toBe(true);
  });
});
