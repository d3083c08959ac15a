import { input, subtract, sum } from '#core/expression/expression.js';
import { activate } from '#core/layer.js';
import type { Matrix } from '#core/matrix.js';
import { Parts } from '#core/parts/registry.js';
import { describe, expect, it } from 'vitest';
import { matrix, randomMatrix } from '../engine/support.js';
import { evaluate, expectClose, numericGradient, total } from './support.js';

const SEED = 2;
const parts = new Parts();
const a = input('a');

const probabilities = (given: Matrix): Matrix => ({
  ...given,
  data: given.data.map((value) => 1 / (1 + Math.exp(-value))),
});
const oneHot = matrix([
  [0, 1, 0],
  [1, 0, 0],
]);
const anyNumbers = randomMatrix(SEED, 'labels', 2, 3);

/** Each loss with transfer functions, labels and its definition in terms of one output and label. */
const losses: {
  loss: string;
  transfer: string;
  labels: Matrix;
  value: (y: number, label: number) => number;
}[] = [
  {
    loss: 'sigmoid_cross_entropy',
    transfer: 'sigmoid',
    labels: probabilities(anyNumbers),
    value: (y, z) => -z * Math.log(y) - (1 - z) * Math.log(1 - y),
  },
  { loss: 'softmax_cross_entropy', transfer: 'softmax', labels: oneHot, value: (y, z) => -z * Math.log(y) },
  ...['identity', 'tanh', 'sigmoid', 'elu', 'softmax'].map((transfer) => ({
    loss: 'squared_error',
    transfer,
    labels: anyNumbers,
    value: (y: number, z: number) => (y - z) ** 2 / 2,
  })),
];

describe('losses of a network', () => {
  it.each(losses)('$loss with $transfer has its defined value and gradient (seed 2)', async (given) => {
    const { part, h } = parts.choose('loss', { name: given.loss });
    const transfer = parts.choose('transfer', { name: given.transfer });
    const { y, pullback } = activate(transfer, a);
    const context = { a, y, labels: input('labels'), pullback };
    const bindings = { y, value: sum(part.value(context, h), 'all'), gradient: part.gradient(context, h) };
    const at = randomMatrix(SEED, 'a', 2, 3);
    const results = await evaluate(bindings, { a: at, labels: given.labels });
    const terms = Array.from(results['y']!.data, (output, index) =>
      given.value(output, given.labels.data[index]!),
    );
    expect(total(results['value']!)).toBeCloseTo(
      terms.reduce((sum, term) => sum + term, 0),
      12,
    );
    const numeric = await numericGradient(at, async (point) =>
      total((await evaluate(bindings, { a: point, labels: given.labels }))['value']!),
    );
    expectClose(results['gradient']!, numeric, 1e-9);
    if (part.transfer !== undefined) expect(part.transfer).toBe(given.transfer);
  });

  it.each(['sigmoid_cross_entropy', 'softmax_cross_entropy'])(
    '%s stays finite far from zero',
    async (name) => {
      const { part, h } = parts.choose('loss', { name });
      const context = { a, y: input('y'), labels: input('labels'), pullback: () => a };
      const inputs = { a: matrix([[-800, 800, 3]]), labels: matrix([[1, 0, 0]]), y: matrix([[0, 1, 0]]) };
      const { value } = await evaluate({ value: sum(part.value(context, h), 'all') }, inputs);
      expect(value!.data[0]).toBeCloseTo(
        name === 'sigmoid_cross_entropy' ? 1600 + Math.log(1 + Math.exp(3)) : 1600,
        9,
      );
    },
  );
});

describe('local losses', () => {
  const cases = [
    ...['identity', 'tanh', 'relu'].map((transfer) => ({ loss: 'squared', transfer })),
    ...['identity', 'tanh', 'sigmoid', 'relu', 'leaky_relu', 'elu', 'softmax'].map((transfer) => ({
      loss: 'matching',
      transfer,
    })),
  ];

  it.each(cases)(
    '$loss with $transfer has the gradient of its value (seed 2)',
    async ({ loss, transfer }) => {
      const { part, h } = parts.choose('localLoss', { name: loss });
      const activation = activate(parts.choose('transfer', { name: transfer }), a);
      const output = part.output === 'preactivation' ? a : activation.y;
      const target = input('target');
      const context = { a, ...activation, output, target, displacement: subtract(output, target) };
      const value = part.value(context, h)!.map((term) => sum(term, 'all'));
      const bindings = { gradient: part.gradient(context, h), ...Object.fromEntries(Object.entries(value)) };
      const inputs = { a: randomMatrix(SEED, 'a', 2, 3), target: anyNumbers };
      const numeric = await numericGradient(inputs.a, async (point) => {
        const { gradient: _, ...terms } = await evaluate(bindings, { ...inputs, a: point });
        return Object.values(terms).reduce((sum, term) => sum + total(term), 0);
      });
      expectClose((await evaluate(bindings, inputs))['gradient']!, numeric, 1e-9);
    },
  );

  it('take their targets before (S) or after (M) the transfer function', () => {
    expect(parts.choose('localLoss', { name: 'squared' }).part).toMatchObject({
      output: 'preactivation',
      quadratic: true,
    });
    expect(parts.choose('localLoss', { name: 'matching' }).part.output).toBe('postactivation');
  });

  it('have no value where the potential is not elementary', () => {
    const { part, h } = parts.choose('localLoss', { name: 'matching' });
    const activation = activate(parts.choose('transfer', { name: 'softplus' }), a);
    const [target, displacement] = [input('target'), input('displacement')];
    expect(part.value({ a, ...activation, output: activation.y, target, displacement }, h)).toBeUndefined();
  });
});

describe('the gradient-step target', () => {
  it('lies γ times the gradient from the output', async () => {
    const { part, h } = parts.choose('target', { name: 'gradient_step' });
    const context = { a, y: a, output: a, gradient: input('gradient'), examples: input('examples') };
    const gradient = matrix([[0.5, -2]]);
    const { displacement } = await evaluate({ displacement: part.displacement(context, h) }, { gradient });
    expect([...displacement!.data]).toEqual([5, -20]);
  });
});

describe('regularizers', () => {
  const [parameter, initial] = [input('parameter'), input('initial')];
  const [at, start] = [randomMatrix(SEED, 'parameter', 2, 3), randomMatrix(SEED, 'initial', 2, 3)];
  const moved = Array.from(at.data, (value, index) => (value - start.data[index]!) ** 2).reduce(
    (x, y) => x + y,
  );
  const squares = Array.from(at.data, (value) => value ** 2).reduce((x, y) => x + y);

  const cases: { name: string; h: Record<string, number>; on: string[]; expected: number }[] = [
    { name: 'proximal', h: { eta: 0.25 }, on: ['weights', 'bias'], expected: moved / (2 * 0.25) },
    { name: 'l2', h: { lambda: 0.3 }, on: ['weights'], expected: (0.3 * squares) / 2 },
    { name: 'none', h: {}, on: [], expected: 0 },
  ];

  it.each(cases)(
    '$name has its defined value, and the gradient of it, on $on (seed 2)',
    async ({ name, h, on, expected }) => {
      const regularizer = parts.choose('regularizer', { ...h, name });
      for (const kind of ['weights', 'bias'] as const) {
        const term = regularizer.part[kind]({ parameter, initial }, regularizer.h);
        expect(term !== undefined).toBe(on.includes(kind));
        if (!term) continue;
        const bindings = { value: sum(term.value, 'all'), gradient: term.gradient };
        const results = await evaluate(bindings, { parameter: at, initial: start });
        expect(total(results['value']!)).toBeCloseTo(expected, 12);
        const numeric = await numericGradient(at, async (point) =>
          total((await evaluate(bindings, { parameter: point, initial: start }))['value']!),
        );
        expectClose(results['gradient']!, numeric, 1e-9);
      }
    },
  );
});
