import type { LayerState } from '#core/state.js';
import type { Engine } from '#engine/engine.js';
import { startEngine } from '#engine/engines.js';
import { downloadLayer, layerTensors, uploadLayer } from '#engine/layer-tensors.js';
import { solveLayer } from '#engine/solve.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyOf, randomMatrix, randomState, relativeDifference, ruleOf } from '../support.js';
import type { Running } from './subject.js';

const SEED = 8;
const [INPUTS, UNITS] = [40, 3];

/** Problems whose curvature matrix is the worse conditioned, the weaker the regularizer. */
const problems = [
  { examples: 60, eta: 1, positive: false },
  { examples: 60, eta: 1000, positive: true },
  { examples: 10, eta: 1000, positive: false },
  { examples: 40, eta: 100, positive: true },
];

/** The closed form, where rounding would cost a plain solution half its digits. */
export function exactContract(running: () => Running): void {
  describe('an exact solution', () => {
    let oracle: Engine;
    beforeAll(async () => {
      oracle = await startEngine('reference');
    });
    afterAll(() => oracle.close());

    async function solve(
      engine: Engine,
      { examples, eta, positive }: (typeof problems)[number],
    ): Promise<LayerState> {
      const rule = ruleOf({
        inputs: INPUTS,
        units: UNITS,
        localLoss: { name: 'squared' },
        regularizer: { name: 'proximal', eta },
        solver: 'exact',
      });
      const inputs = randomMatrix(SEED, 'inputs', examples, INPUTS);
      const problem = {
        // Rounded, so that every engine gets the same numbers.
        inputs: await engine.upload({
          ...inputs,
          data: Float32Array.from(inputs.data, (value) => (positive ? Math.abs(value) : value)),
        }),
        displacement: await engine.upload(copyOf(randomMatrix(SEED, 'displacement', examples, UNITS))),
      };
      const state = await uploadLayer(engine, randomState(SEED, rule));
      const settings = { rateFactor: 1, objective: true };
      const { state: solved } = await solveLayer(engine, rule, problem, state, settings);
      const result = await downloadLayer(engine, solved);
      engine.release([...Object.values(problem), ...layerTensors(state), ...layerTensors(solved)]);
      return result;
    }

    it.each(problems)(`is as exact as the engine's numbers (seed ${SEED}): %o`, async (problem) => {
      const { engine, tolerance } = running();
      const [own, expected] = [await solve(engine, problem), await solve(oracle, problem)];
      expect(relativeDifference(own.weights, expected.weights)).toBeLessThan(10 * tolerance);
      expect(relativeDifference(own.bias, expected.bias)).toBeLessThan(10 * tolerance);
    });
  });
}
