import type { AndersonSettings } from '#core/anderson.js';
import { solveRoutine } from '#core/local-problem.js';
import { separableColumns } from '#core/separable.js';
import type { LayerRule } from '#core/layer.js';
import type { Matrix } from '#core/matrix.js';
import type { Engine } from '#engine/engine.js';
import { startEngine } from '#engine/engines.js';
import { downloadLayer, layerTensors, uploadLayer } from '#engine/layer-tensors.js';
import { solveLayer } from '#engine/solve.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyOf, randomMatrix, randomState, relativeDifference, ruleOf } from '../engine/support.js';
import { combined, dense, entry, identity, solved, stacked } from '../second-order/linear-algebra.js';
import { product, transposed, zip } from './support.js';

const SEED = 31;
const [EXAMPLES, INPUTS, UNITS] = [12, 4, 3];

/** In numbers that every engine has. */
const single = (given: Matrix): Matrix => ({ ...given, data: Float32Array.from(given.data) });
const x = single(randomMatrix(SEED, 'x', EXAMPLES, INPUTS));
const displacement = single(randomMatrix(SEED, 'r', EXAMPLES, UNITS, 0.3));
const z = dense(EXAMPLES, INPUTS + 1, (row, column) => (column < INPUTS ? entry(x, row, column) : 1));

interface Choice {
  readonly loss: 'squared' | 'matching';
  readonly eta: number;
  readonly iterations: number;
  readonly anderson: AndersonSettings;
  readonly form?: LayerRule['form'];
}

const ruleWith = ({ loss, eta, ...choice }: Choice): LayerRule =>
  ruleOf({
    inputs: INPUTS,
    units: UNITS,
    localLoss: { name: loss },
    regularizer: { name: 'proximal', eta },
    solver: 'anderson',
    ...choice,
  });

/** V⁰ = [W⁰; b⁰]. */
const start = ((): Matrix => {
  const { weights, bias } = randomState(
    SEED,
    ruleWith({
      loss: 'squared',
      eta: 1,
      iterations: 1,
      anderson: { memory: 1, regularization: 1, mixing: 1 },
    }),
  );
  return stacked(single(weights), single(bias));
})();

/** [W; b] that an engine comes to. */
async function solve(engine: Engine, choice: Choice, rateFactor = 1): Promise<Matrix> {
  const rule = ruleWith(choice);
  const own = randomState(SEED, rule);
  const state = await uploadLayer(engine, { ...own, weights: single(own.weights), bias: single(own.bias) });
  const problem = {
    inputs: await engine.upload(copyOf(x)),
    displacement: await engine.upload(copyOf(displacement)),
  };
  const solution = await solveLayer(engine, rule, problem, state, { rateFactor, objective: true });
  const { weights, bias } = await downloadLayer(engine, solution.state);
  engine.release([...Object.values(problem), ...layerTensors(state), ...layerTensors(solution.state)]);
  expect(solution.finite).toBe(true);
  return stacked(weights, bias);
}

/** g(V) = V⁰ − ηZᵀ(f(ZV) − T), T = f(ZV⁰) − R⁰. */
function mapOf({ loss, eta }: Choice): (v: Matrix) => Matrix {
  const f = (v: Matrix): Matrix => {
    const a = product(z, v);
    return loss === 'squared' ? a : { ...a, data: a.data.map(Math.tanh) };
  };
  const target = zip(f(start), displacement, (y, r) => y - r);
  return (v) =>
    combined(
      1,
      start,
      -eta,
      product(
        transposed(z),
        zip(f(v), target, (y, t) => y - t),
      ),
    );
}

const column = (given: Matrix, index: number): number[] =>
  Array.from({ length: given.rows }, (_, row) => entry(given, row, index));
const inner = (p: readonly number[], q: readonly number[]): number =>
  p.reduce((total, value, index) => total + value * q[index]!, 0);

/** The iteration unit by unit, its systems solved with a pivot and the multiplier of Σα = 1. */
function accelerated(choice: Choice): Matrix {
  const { iterations, anderson } = choice;
  const { memory, regularization, mixing } = anderson;
  const g = mapOf(choice);
  let v = start;
  const entries: { v: Matrix; step: Matrix }[] = [];
  for (let k = 0; k < iterations; k++) {
    entries.push({ v, step: combined(1, g(v), -1, v) });
    if (entries.length > memory) entries.shift();
    const count = entries.length;
    const columns = Array.from({ length: UNITS }, (_, unit) => {
      const steps = entries.map(({ step }) => column(step, unit));
      const bordered = dense(count + 1, count + 1, (i, j) => {
        if (i === 0 || j === 0) return i === j ? 0 : 1;
        return inner(steps[i - 1]!, steps[j - 1]!) + (i === j ? regularization : 0);
      });
      const alphas = solved(
        bordered,
        dense(count + 1, 1, (i) => (i === 0 ? 1 : 0)),
      ).data.slice(1);
      return Array.from({ length: INPUTS + 1 }, (_, row) =>
        entries.reduce((sum, { v: at }, index) => {
          return sum + alphas[index]! * (entry(at, row, unit) + mixing * steps[index]![row]!);
        }, 0),
      );
    });
    v = dense(INPUTS + 1, UNITS, (row, unit) => columns[unit]![row]!);
  }
  return v;
}

/** After so many steps of GMRES for (I + ηZᵀZ)(V − V⁰) = −ηZᵀR⁰, from V⁰. */
function gmres(eta: number, steps: number): Matrix {
  const operator = combined(1, identity(INPUTS + 1), eta, product(transposed(z), z));
  const right = combined(-eta, product(transposed(z), displacement), 0, start);
  const columns = Array.from({ length: UNITS }, (_, unit) => {
    const b = dense(INPUTS + 1, 1, (row) => entry(right, row, unit));
    const krylov: Matrix[] = [];
    for (let k = 0; k < steps; k++) krylov.push(k === 0 ? b : product(operator, krylov[k - 1]!));
    const basis = dense(INPUTS + 1, steps, (row, k) => krylov[k]!.data[row]!);
    const image = product(operator, basis);
    const weights = solved(product(transposed(image), image), product(transposed(image), b));
    return product(basis, weights).data;
  });
  return dense(INPUTS + 1, UNITS, (row, unit) => entry(start, row, unit) + columns[unit]![row]!);
}

const NEARLY_NONE = 1e-14;

describe.each([
  { name: 'reference', error: 1e-9 },
  { name: 'onnx', error: 1e-4 },
])("Anderson's acceleration on $name", ({ name, error }) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await startEngine(name, 1);
  });
  afterAll(() => engine.close());

  const choices: Choice[] = [
    { loss: 'matching', eta: 0.05, iterations: 1, anderson: { memory: 3, regularization: 0.01, mixing: 1 } },
    {
      loss: 'matching',
      eta: 0.05,
      iterations: 6,
      anderson: { memory: 3, regularization: 1e-3, mixing: 0.7 },
    },
    { loss: 'matching', eta: 0.3, iterations: 20, anderson: { memory: 5, regularization: 1e-4, mixing: 1 } },
    { loss: 'matching', eta: 0.05, iterations: 5, anderson: { memory: 1, regularization: 1e-4, mixing: 1 } },
    { loss: 'squared', eta: 0.3, iterations: 6, anderson: { memory: 4, regularization: 1e-3, mixing: 0.5 } },
  ];

  it.each(choices)(`is that of a plain program (seed ${SEED}): %j`, async (choice) => {
    const expected = combined(1, accelerated(choice), -1, start);
    const forms = choice.loss === 'squared' ? (['direct', 'gram'] as const) : (['direct'] as const);
    for (const form of forms) {
      const found = await solve(engine, { ...choice, form });
      expect(relativeDifference(combined(1, found, -1, start), expected)).toBeLessThan(error);
    }
  });

  it('has mixing for its learning rate', async () => {
    const [choice] = choices.slice(1);
    const half = { ...choice!, anderson: { ...choice!.anderson, mixing: choice!.anderson.mixing / 2 } };
    expect(await solve(engine, choice!, 0.5)).toEqual(await solve(engine, half));
    expect(relativeDifference(await solve(engine, choice!, 0), start)).toBeLessThan(1e-6);
  });
});

describe("Anderson's acceleration", () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await startEngine('reference');
  });
  afterAll(() => engine.close());

  // Walker and Ni, theorem 2.2 and corollary 2.10: g of the iterate of GMRES.
  it.each([2, 3, 4])('is GMRES on a linear problem, after %i iterations', async (iterations) => {
    const anderson = { memory: 10, regularization: NEARLY_NONE, mixing: 1 };
    const choice: Choice = { loss: 'squared', eta: 0.1, iterations, anderson };
    const expected = mapOf(choice)(gmres(0.1, iterations - 1));
    expect(relativeDifference(await solve(engine, choice), expected)).toBeLessThan(1e-6);
  });

  it('comes to the exact solution of the squared problem where the plain iteration diverges', async () => {
    const eta = 2;
    const anderson = { memory: 8, regularization: NEARLY_NONE, mixing: 1 };
    const operator = combined(1, identity(INPUTS + 1), eta, product(transposed(z), z));
    const right = combined(-eta, product(transposed(z), displacement), 0, start);
    const exact = combined(1, start, 1, solved(operator, right));
    const found = await solve(engine, { loss: 'squared', eta, iterations: 30, anderson });
    expect(relativeDifference(found, exact)).toBeLessThan(1e-6);
    const plain = { ...anderson, memory: 1 };
    const diverged = await solve(engine, { loss: 'squared', eta, iterations: 30, anderson: plain });
    expect(relativeDifference(diverged, exact)).toBeGreaterThan(1);
  });

  it('comes to where the gradient of the matching problem is zero', async () => {
    const anderson = { memory: 5, regularization: NEARLY_NONE, mixing: 1 };
    const choice: Choice = { loss: 'matching', eta: 0.3, iterations: 40, anderson };
    const found = await solve(engine, choice);
    expect(relativeDifference(mapOf(choice)(found), found)).toBeLessThan(1e-6);
    expect(relativeDifference(found, start)).toBeGreaterThan(0.01);
  });

  it.each(['squared', 'matching'] as const)('leaves the columns apart: %s', (loss) => {
    for (const form of loss === 'squared' ? (['direct', 'gram'] as const) : (['direct'] as const)) {
      const anderson = { memory: 3, regularization: 1e-4, mixing: 1 };
      const rule = ruleWith({ loss, eta: 1, iterations: 4, anderson, form });
      const options = { preactivationKnown: false, objective: true, repeated: true };
      expect(separableColumns(solveRoutine(rule, options))).toBe(true);
    }
  });
});
