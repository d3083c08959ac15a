import type { LayerRule } from '#core/layer.js';
import type { Matrix } from '#core/matrix.js';
import type { LayerState } from '#core/state.js';
import type { Engine } from '#engine/engine.js';
import { downloadLayer, layerTensors, uploadLayer } from '#engine/layer-tensors.js';
import { solveLayer } from '#engine/solve.js';
import { forwardLayer } from '#engine/sweep.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { columnsOf, copyOf, optimizerChoices, randomMatrix, randomState, ruleOf } from '../support.js';
import type { Subject } from './subject.js';

const STEPS = 2;
const SEED = 20;

/** All columns, or parts of more than 64 each. */
const divisionsOf = (units: number): (readonly [number, number])[][] => [
  [[0, units]],
  [
    [0, 80],
    [80, units],
  ],
];

interface Step {
  readonly inputs: Matrix; // [examples, inputs]
  readonly displacement: Matrix; // [examples, units]
}

const mapState = (state: LayerState, map: (matrix: Matrix) => Matrix): LayerState => {
  const all = (slots: LayerState['weightSlots']): LayerState['weightSlots'] =>
    Object.fromEntries(Object.entries(slots).map(([slot, value]) => [slot, map(value)]));
  return {
    weights: map(state.weights),
    bias: map(state.bias),
    weightSlots: all(state.weightSlots),
    biasSlots: all(state.biasSlots),
    updates: state.updates,
  };
};

/** Everything of a state that comes of solving the columns start to end − 1 of a layer. */
async function trainColumns(
  engine: Engine,
  rule: LayerRule,
  steps: readonly Step[],
  [start, end]: readonly [number, number],
  preactivationKnown: boolean,
): Promise<LayerState> {
  let state = await uploadLayer(
    engine,
    mapState(randomState(SEED, rule), (matrix) => columnsOf(matrix, start, end)),
  );
  for (const step of steps) {
    const inputs = await engine.upload(copyOf(step.inputs));
    const displacement = await engine.upload(columnsOf(step.displacement, start, end));
    const { preactivation, output } = await forwardLayer(engine, rule, state, inputs);
    const problem = { inputs, displacement, ...(preactivationKnown && { preactivation }) };
    const solution = await solveLayer(engine, rule, problem, state, { rateFactor: 1, objective: true });
    engine.release([inputs, displacement, preactivation, output, ...layerTensors(state)]);
    state = solution.state;
  }
  const result = await downloadLayer(engine, state);
  engine.release(layerTensors(state));
  return result;
}

/** The matrices of a state's columns, part beside part, as bytes of whole columns. */
function columnBits(parts: readonly LayerState[]): string[] {
  const matricesOf = (state: LayerState): Matrix[] => [
    state.weights,
    state.bias,
    ...Object.values(state.weightSlots),
    ...Object.values(state.biasSlots),
  ];
  return parts.flatMap((part) =>
    Array.from({ length: part.bias.columns }, (_, column) =>
      matricesOf(part)
        .map((matrix) => Buffer.from(columnsOf(matrix, column, column + 1).data.buffer).toString('base64'))
        .join(' '),
    ),
  );
}

/** A layer's columns may be solved apart, on any number of threads. */
export function splitContract({ start, threads, splitLayer }: Subject): void {
  const { examples, inputs, units = 150 } = splitLayer;
  const layer = { inputs, units, iterations: 3 };
  const squared = { ...layer, localLoss: { name: 'squared' } };
  const cases: Record<string, LayerRule> = {
    ...Object.fromEntries(
      optimizerChoices.map((optimizer) => [
        optimizer.name,
        ruleOf({ ...layer, optimizer, learningRate: 1e-3 }),
      ]),
    ),
    'sigmoid with a proximal regularizer': ruleOf({
      ...layer,
      transfer: { name: 'sigmoid' },
      regularizer: { name: 'proximal', eta: 2 },
      learningRate: 1e-3,
    }),
    'relu, one local iteration': ruleOf({ ...layer, transfer: { name: 'relu' }, iterations: 1 }),
    'the squared loss': ruleOf({ ...squared, learningRate: 1e-3 }),
    'the Gram form': ruleOf({ ...squared, learningRate: 1e-3, form: 'gram' }),
    'the exact solver': ruleOf({
      ...squared,
      regularizer: { name: 'proximal', eta: 0.5 },
      solver: 'exact',
    }),
  };

  describe('a layer whose columns are solved apart', () => {
    const engines: Engine[] = [];
    beforeAll(async () => {
      for (const count of threads) engines.push(await start(count));
    });
    afterAll(async () => {
      for (const engine of engines) await engine.close();
    });

    it.each(Object.keys(cases))(`equals the whole to the bit: %s (seed ${SEED})`, async (name) => {
      const rule = cases[name]!;
      const steps = Array.from({ length: STEPS }, (_, step): Step => ({
        inputs: randomMatrix(SEED, `inputs ${step}`, examples, inputs),
        displacement: randomMatrix(SEED, `displacement ${step}`, examples, units, 0.1),
      }));
      const results: string[][] = [];
      for (const engine of engines) {
        for (const division of divisionsOf(units)) {
          for (const known of [true, false]) {
            const parts: LayerState[] = [];
            for (const part of division) parts.push(await trainColumns(engine, rule, steps, part, known));
            results.push(columnBits(parts));
          }
        }
      }
      const [first, ...others] = results;
      expect(new Set(first).size).toBe(units);
      for (const other of others) expect(other).toEqual(first);
    });
  });
}
