import { input, sum, multiply } from '#core/expression/expression.js';
import type { Matrix } from '#core/matrix.js';
import type { Chosen, TransferFunction } from '#core/parts/part.js';
import { Parts } from '#core/parts/registry.js';
import { describe, expect, it } from 'vitest';
import { matrix, randomMatrix } from '../engine/support.js';
import { evaluate, expectClose, numericGradient, total } from './support.js';

const parts = new Parts();
const [a, d] = [input('a'), input('d')];

/** The elementwise functions by Math, with F where it is elementary. */
const definitions: Record<string, { readonly f: (a: number) => number; readonly F?: (a: number) => number }> =
  {
    identity: { f: (a) => a, F: (a) => (a * a) / 2 },
    tanh: { f: Math.tanh, F: (a) => Math.log(Math.cosh(a)) },
    sigmoid: { f: (a) => 1 / (1 + Math.exp(-a)), F: (a) => Math.log(1 + Math.exp(a)) },
    relu: { f: (a) => Math.max(a, 0), F: (a) => Math.max(a, 0) ** 2 / 2 },
    leaky_relu: { f: (a) => (a > 0 ? a : 0.2 * a), F: (a) => (a * (a > 0 ? a : 0.2 * a)) / 2 },
    elu: { f: (a) => (a > 0 ? a : Math.expm1(a)), F: (a) => (a > 0 ? (a * a) / 2 : Math.exp(a) - a - 1) },
    softplus: { f: (a) => Math.log(1 + Math.exp(a)) },
  };
const elementwise = Object.keys(definitions);

const points = matrix([[-4, -1.5, -0.3, 0.2, 1, 3.5]]);
const map = (f: (a: number) => number) => ({ ...points, data: points.data.map(f) });

const valueOf = async ({ part, h }: Chosen<TransferFunction>, at: Matrix = points) =>
  (await evaluate({ y: part.value(a, h) }, { a: at }))['y']!;

describe('transfer functions', () => {
  it('are those of the method', () => {
    expect(parts.names('transfer')).toEqual([...elementwise, 'softmax']);
  });

  it.each(elementwise)('%s has its defined value and is elementwise', async (name) => {
    const transfer = parts.choose('transfer', { name });
    expectClose(await valueOf(transfer), map(definitions[name]!.f), 1e-14);
    expect(transfer.part.elementwise).toBe(true);
  });

  it.each(elementwise)('%s has the derivative of its value', async (name) => {
    const transfer = parts.choose('transfer', { name });
    const { part, h } = transfer;
    const ones = map(() => 1);
    const derivative = await evaluate(
      { g: part.pullback(d, a, part.value(a, h), h) },
      { a: points, d: ones },
    );
    const numeric = await numericGradient(points, async (at) => total(await valueOf(transfer, at)));
    expectClose(derivative['g']!, numeric, 1e-9);
  });

  it.each(elementwise)('%s has a potential whose derivative it is, or none', async (name) => {
    const { part, h } = parts.choose('transfer', { name });
    const { f, F } = definitions[name]!;
    expect(part.potential !== undefined).toBe(F !== undefined);
    if (!part.potential || !F) return;
    const potential = part.potential(a, h);
    expectClose((await evaluate({ potential }, { a: points }))['potential']!, map(F), 1e-13);
    const summed = sum(potential, 'all');
    const numeric = await numericGradient(points, async (at) =>
      total((await evaluate({ summed }, { a: at }))['summed']!),
    );
    expectClose(map(f), numeric, 1e-9);
  });

  it('leaky_relu takes its slope', async () => {
    const transfer = parts.choose('transfer', { name: 'leaky_relu', slope: 0.5 });
    expectClose(
      await valueOf(transfer),
      map((a) => (a > 0 ? a : a / 2)),
      0,
    );
  });

  it('softmax sums to one and has the gradients of value and potential (seed 1)', async () => {
    const { part, h } = parts.choose('transfer', { name: 'softmax' });
    const at = randomMatrix(1, 'a', 3, 4, 2);
    const weights = randomMatrix(1, 'd', 3, 4);
    const y = part.value(a, h);
    const expressions = {
      sums: sum(y, 1),
      pulledBack: part.pullback(d, a, y, h),
      weighted: sum(multiply(d, y), 'all'),
      potential: sum(part.potential!(a, h), 'all'),
      y,
    };
    const evaluated = await evaluate(expressions, { a: at, d: weights });
    expectClose(evaluated['sums']!, matrix([[1], [1], [1]]), 1e-15);
    for (const [gradient, value] of [
      ['pulledBack', 'weighted'],
      ['y', 'potential'],
    ] as const) {
      const numeric = await numericGradient(at, async (point) =>
        total((await evaluate(expressions, { a: point, d: weights }))[value]!),
      );
      expectClose(evaluated[gradient]!, numeric, 1e-9);
    }
    expect(part.elementwise).toBe(false);
  });

  it.each([...elementwise, 'softmax'])(
    '%s and what comes with it stay finite far from zero',
    async (name) => {
      const { part, h } = parts.choose('transfer', { name });
      const y = part.value(a, h);
      const results = await evaluate(
        {
          y,
          pulledBack: part.pullback(d, a, y, h),
          ...(part.potential && { potential: part.potential(a, h) }),
        },
        { a: matrix([[-1000, 1000, -50, 50]]), d: matrix([[1, 1, 1, 1]]) },
      );
      for (const { data } of Object.values(results)) expect(data.every(Number.isFinite)).toBe(true);
    },
  );
});
