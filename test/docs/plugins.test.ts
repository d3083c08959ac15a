import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Expression } from '#core/expression/expression.js';
import { input } from '#core/expression/expression.js';
import { activate } from '#core/layer.js';
import type { Matrix } from '#core/matrix.js';
import type { Chosen, PartOfKind } from '#core/parts/part.js';
import type { PartKind } from '#core/spec/part-catalogue.js';
import { buildNetwork } from '#coordinator/network.js';
import type { Engine } from '#engine/engine.js';
import { startEngine } from '#engine/engines.js';
import { readJob, type JobFile } from '#services/configuration/job-file.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { train } from '../engine/networks.js';
import { matrix, randomMatrix, relativeDifference, routineOf, rowsOf, runOn } from '../engine/support.js';

const folder = fileURLToPath(new URL('../../examples/plugins/', import.meta.url));
const SEED = 11;
const [EXAMPLES, UNITS] = [5, 3];

let job: JobFile;
let oracle: Engine;
beforeAll(async () => {
  job = await readJob(`${folder}own-parts.yaml`);
  oracle = await startEngine('reference');
});
afterAll(() => oracle.close());

const partOf = <Kind extends PartKind>(
  kind: Kind,
  name: string,
  parameters: Record<string, number> = {},
): Chosen<PartOfKind<Kind>> => job.parts.choose(kind, { name, ...parameters });

/** The value of an expression in the matrix `p`, on the reference engine. */
async function valueAt(expression: Expression, inputs: Readonly<Record<string, Matrix>>): Promise<Matrix> {
  const { matrices } = await runOn(oracle, { routine: routineOf({ value: expression }), inputs });
  return matrices['value']!;
}

const total = ({ data }: Matrix): number => Float64Array.from(data).reduce((sum, value) => sum + value, 0);

/** The gradient of an expression's total with respect to the matrix `name`, by central differences. */
async function differences(
  expression: Expression,
  name: string,
  inputs: Readonly<Record<string, Matrix>>,
): Promise<Matrix> {
  const STEP = 1e-5;
  const at = inputs[name]!;
  const moved = async (index: number, by: number): Promise<number> => {
    const data = Float64Array.from(at.data);
    data[index]! += by;
    return total(await valueAt(expression, { ...inputs, [name]: { ...at, data } }));
  };
  const gradient = new Float64Array(at.data.length);
  for (const index of gradient.keys()) {
    gradient[index] = ((await moved(index, STEP)) - (await moved(index, -STEP))) / (2 * STEP);
  }
  return { ...at, data: gradient };
}

const a = input('a');
const preactivations = (): Matrix => randomMatrix(SEED, 'a', EXAMPLES, UNITS, 1.5);

describe('the example plugins', () => {
  it('are all in the spec that shows them', () => {
    const files = readdirSync(folder).filter((name) => name.endsWith('.ts'));
    expect(job.spec.plugins.map((file) => file.slice(folder.length)).toSorted()).toEqual(files.toSorted());
  });

  it('are of every kind', () => {
    const own: Record<PartKind, string> = {
      transfer: 'scaled_tanh',
      loss: 'charbonnier',
      localLoss: 'huber',
      target: 'normalized_step',
      regularizer: 'proximal_l2',
      optimizer: 'lion',
    };
    for (const [kind, name] of Object.entries(own) as [PartKind, string][]) {
      expect(job.parts.names(kind)).toContain(name);
    }
  });

  it.each(['onnx', 'reference'])('train a network on the engine %s as on the reference', async (name) => {
    const engine = await startEngine(name, 1);
    try {
      const { spec, parts } = job;
      const layers = [8, 4, 8].map((units) => ({ ...spec.network.layers[0]!, units }));
      const last = { ...spec.network.layers.at(-1)!, units: 6 };
      const small = { ...spec, network: { ...spec.network, layers: [...layers, last] } };
      const network = buildNetwork(small, parts, 6);
      const options = { seed: SEED, examples: 20, steps: 15 };
      const { losses, states } = await train(engine, network, options);
      expect(losses.at(-1)).toBeLessThan(0.8 * losses[0]!);
      const expected = await train(oracle, network, options);
      for (const [layer, { weights }] of expected.states.entries()) {
        const tolerance = engine.info.precision === 'float64' ? 0 : 1e-3;
        expect(relativeDifference(states[layer]!.weights, weights)).toBeLessThanOrEqual(tolerance);
      }
    } finally {
      await engine.close();
    }
  });
});

describe('scaled_tanh', () => {
  const transfer = (): Chosen<PartOfKind<'transfer'>> => partOf('transfer', 'scaled_tanh');

  it('maps ±1 to ±1, as its source says', async () => {
    const { y } = activate(transfer(), a);
    const [[low, high] = []] = rowsOf(await valueAt(y, { a: matrix([[-1, 1]]) }));
    expect(low).toBeCloseTo(-1, 4);
    expect(high).toBeCloseTo(1, 4);
  });

  it('has the derivative of its value, and a potential whose derivative it is', async () => {
    const { y, pullback, potential } = activate(transfer(), a);
    const inputs = { a: preactivations() };
    const one = { op: 'constant', value: 1 } as const;
    expect(
      relativeDifference(await valueAt(pullback(one), inputs), await differences(y, 'a', inputs)),
    ).toBeLessThan(1e-8);
    expect(
      relativeDifference(await valueAt(y, inputs), await differences(potential!, 'a', inputs)),
    ).toBeLessThan(1e-8);
  });

  it('has a potential that does not overflow', async () => {
    const { potential } = activate(transfer(), a);
    const [[value] = []] = rowsOf(await valueAt(potential!, { a: matrix([[-4000]]) }));
    // (s/r)(r|a| − log 2) where |a| is large
    expect(value).toBeCloseTo(1.7159 * 4000 - 1.7159 * 1.5 * Math.LN2, 6);
  });
});

describe('charbonnier', () => {
  it('has the gradient of its value, through the transfer function', async () => {
    const { part, h } = partOf('loss', 'charbonnier');
    const { y, pullback } = activate(partOf('transfer', 'sigmoid'), a);
    const context = { a, y, labels: input('labels'), pullback };
    const inputs = { a: preactivations(), labels: randomMatrix(SEED, 'labels', EXAMPLES, UNITS) };
    expect(
      relativeDifference(
        await valueAt(part.gradient(context, h), inputs),
        await differences(part.value(context, h), 'a', inputs),
      ),
    ).toBeLessThan(1e-7);
  });
});

describe('huber', () => {
  it('has the gradient of its value on both sides of δ', async () => {
    const { part, h } = partOf('localLoss', 'huber', { delta: 0.7 });
    const activation = activate(partOf('transfer', 'tanh'), a);
    const target = input('target');
    const displacement = { op: 'subtract', args: [a, target] } as const;
    const context = { a, ...activation, output: a, target, displacement };
    const inputs = { a: preactivations(), target: randomMatrix(SEED, 'target', EXAMPLES, UNITS) };
    const sizes = (await valueAt(displacement, inputs)).data.map(Math.abs);
    expect([Math.min(...sizes) < 0.7, Math.max(...sizes) > 0.7]).toEqual([true, true]);
    const [value] = part.value(context, h)!;
    expect(
      relativeDifference(
        await valueAt(part.gradient(context, h), inputs),
        await differences(value!, 'a', inputs),
      ),
    ).toBeLessThan(1e-8);
  });
});

describe('proximal_l2', () => {
  it.each(['weights', 'bias'] as const)('has the gradient of its value: %s', async (which) => {
    const { part, h } = partOf('regularizer', 'proximal_l2', { eta: 0.5, lambda: 0.3 });
    const { gradient, value } = part[which]({ parameter: input('p'), initial: input('initial') }, h)!;
    const inputs = { p: randomMatrix(SEED, 'p', 4, UNITS), initial: randomMatrix(SEED, 'initial', 4, UNITS) };
    expect(
      relativeDifference(await valueAt(gradient, inputs), await differences(value, 'p', inputs)),
    ).toBeLessThan(1e-8);
    const towardsZero = which === 'weights' ? 0.3 : 0;
    const expected = inputs.p.data.map(
      (p, index) => (p - inputs.initial.data[index]!) / 0.5 + towardsZero * p,
    );
    expect(relativeDifference(await valueAt(gradient, inputs), { ...inputs.p, data: expected })).toBeLessThan(
      1e-12,
    );
  });
});

describe('normalized_step', () => {
  it('puts the target of every example at the same distance, along its gradient', async () => {
    const { part, h } = partOf('target', 'normalized_step', { distance: 2 });
    const examples = { op: 'constant', value: 4 } as const;
    const context = { a, y: a, output: a, gradient: input('gradient'), examples };
    const gradient = matrix([
      [3e-3, 4e-3],
      [0, -2e-5],
      [0, 0],
    ]);
    const displacement = rowsOf(await valueAt(part.displacement(context, h), { gradient }));
    // 2/4 times (0.6, 0.8), (0, −1) and, without a direction, nothing
    const expected = [
      [0.3, 0.4],
      [0, -0.5],
      [0, 0],
    ];
    for (const [row, values] of expected.entries()) {
      for (const [column, value] of values.entries())
        expect(displacement[row]![column]).toBeCloseTo(value, 3);
    }
  });
});

describe('lion', () => {
  it('updates as algorithm 2 of its source, worked out by hand', async () => {
    const { part, h } = partOf('optimizer', 'lion', { beta1: 0.5, beta2: 0.75 });
    expect(part.slots(h)).toEqual({ mean: 0 });
    const context = { parameter: input('p'), gradient: input('g'), slots: { mean: input('mean') } };
    const rate = { op: 'constant', value: 0.1 } as const;
    const updated = part.update({ ...context, rate, count: rate }, h);
    const inputs = {
      p: matrix([[1, 1, 1]]),
      g: matrix([[8, -2, -4]]),
      mean: matrix([[4, -4, 4]]),
    };
    // ½ mean + ½ g = 6, −3, 0; ¾ mean + ¼ g = 5, −3.5, 2
    expect(rowsOf(await valueAt(updated.parameter, inputs))).toEqual([[0.9, 1.1, 1]]);
    expect(rowsOf(await valueAt(updated.slots['mean']!, inputs))).toEqual([[5, -3.5, 2]]);
  });
});
