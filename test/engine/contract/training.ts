import { backpropRule } from '#core/backprop.js';
import { Parts } from '#core/parts/registry.js';
import { downloadLayer, layerTensors, uploadLayer } from '#engine/layer-tensors.js';
import { solveLayer, type SolveSettings, type Solution } from '#engine/solve.js';
import {
  batchError,
  forwardPass,
  lossGradient,
  releaseActivations,
  type NetworkRule,
} from '#engine/sweep.js';
import { describe, expect, it } from 'vitest';
import { randomBatch, takeStep, train, uploadStates } from '../networks.js';
import {
  copyOf,
  matrix,
  randomMatrix,
  randomState,
  relativeDifference,
  ruleOf,
  type RuleChoice,
} from '../support.js';
import type { Running } from './subject.js';

const SEED = 3;

const crossEntropy = new Parts().choose('loss', { name: 'sigmoid_cross_entropy' });

/** A small autoencoder whose layers all learn alike. */
const autoencoder = (choice: Omit<RuleChoice, 'inputs' | 'units'>): NetworkRule => ({
  loss: crossEntropy,
  layers: [
    ruleOf({ ...choice, inputs: 6, units: 5 }),
    ruleOf({ ...choice, inputs: 5, units: 3, transfer: { name: 'identity' } }),
    ruleOf({ ...choice, inputs: 3, units: 6, transfer: { name: 'sigmoid' } }),
  ],
});

/** Whole steps and single solves. */
export function trainingContract(running: () => Running): void {
  describe('training', () => {
    it.each(['squared', 'matching'])(
      `with K = 1 and sgd is BackProp with rate lr·γ: %s loss`,
      async (name) => {
        const { engine, tolerance } = running();
        const common = { optimizer: { name: 'sgd' }, iterations: 1 };
        const local = autoencoder({
          ...common,
          localLoss: { name },
          target: { name: 'gradient_step', activationLearningRate: 8 },
          learningRate: 0.05,
        });
        const backprop = autoencoder({ ...common, learningRate: 0.4 });
        const options = { seed: SEED, examples: 7, steps: 3 };
        const own = await train(engine, local, options);
        const expected = await train(
          engine,
          { ...backprop, layers: backprop.layers.map(backpropRule) },
          options,
        );
        for (const [layer, { weights, bias }] of expected.states.entries()) {
          expect(relativeDifference(own.states[layer]!.weights, weights)).toBeLessThan(10 * tolerance);
          expect(relativeDifference(own.states[layer]!.bias, bias)).toBeLessThan(10 * tolerance);
        }
        expect(expected.losses[2]).toBeLessThan(expected.losses[0]!);
      },
    );

    it('leaves no tensor behind after 100 steps', async () => {
      const { engine } = running();
      const network = autoencoder({ optimizer: { name: 'adam' }, iterations: 2 });
      const states = await uploadStates(engine, SEED, network);
      const batch = await randomBatch(engine, SEED, 4, network);
      const before = await engine.statistics();
      for (let step = 0; step < 100; step++) await takeStep(engine, network, states, batch);
      const after = await engine.statistics();
      expect([after.tensors, after.tensorBytes]).toEqual([before.tensors, before.tensorBytes]);
      engine.release([...states.flatMap(layerTensors), batch.inputs, batch.labels]);
    });

    it('reports the loss and the mean squared error of a batch', async () => {
      const { engine } = running();
      const network = autoencoder({});
      const states = await uploadStates(engine, SEED, network);
      const batch = await randomBatch(engine, SEED, 4, network);
      const activations = await forwardPass(engine, network.layers, (layer) => states[layer]!, batch.inputs);
      const last = activations.at(-1)!;
      const { loss, gradient } = await lossGradient(engine, network, last, batch.labels);
      const [output, labels] = [await engine.download(last.output), await engine.download(batch.labels)];
      const squares = Array.from(output.data, (value, index) => (value - labels.data[index]!) ** 2);
      const report = await batchError(engine, network, last, batch.labels);
      expect(report.loss).toBe(loss);
      expect(report.meanSquaredError).toBeCloseTo(squares.reduce((x, y) => x + y) / squares.length, 6);
      releaseActivations(engine, activations);
      engine.release([gradient, batch.inputs, batch.labels, ...states.flatMap(layerTensors)]);
    });

    it('releases what a failed forward pass had made', async () => {
      const { engine } = running();
      const network = autoencoder({});
      const states = await uploadStates(engine, SEED, network);
      const inputs = await engine.upload(randomMatrix(SEED, 'inputs', 4, 6));
      const before = await engine.statistics();
      const swapped = [states[0]!, states[2]!, states[1]!];
      await expect(
        forwardPass(engine, network.layers, (layer) => swapped[layer]!, inputs),
      ).rejects.toMatchObject({
        code: 'ENGINE_CALL_FAILED',
      });
      expect((await engine.statistics()).tensors).toBe(before.tensors);
      engine.release([inputs, ...states.flatMap(layerTensors)]);
    });
  });

  describe('a solve', () => {
    const displacement = matrix([
      [0.5, -0.25],
      [0.125, 1],
      [-1, 0.5],
    ]);

    async function solved(
      choice: Omit<RuleChoice, 'inputs' | 'units'>,
      settings: Partial<SolveSettings> = {},
    ): Promise<Omit<Solution, 'state'> & { weights: Float32Array | Float64Array; updates: number }> {
      const { engine } = running();
      const rule = ruleOf({ ...choice, inputs: 4, units: 2 });
      const state = await uploadLayer(engine, randomState(SEED, rule));
      const problem = {
        inputs: await engine.upload(randomMatrix(SEED, 'inputs', 3, 4)),
        displacement: await engine.upload(copyOf(displacement)),
      };
      const { state: next, ...report } = await solveLayer(engine, rule, problem, state, {
        rateFactor: 1,
        objective: true,
        ...settings,
      });
      const { weights, updates } = await downloadLayer(engine, next);
      engine.release([...Object.values(problem), ...layerTensors(state), ...layerTensors(next)]);
      return { ...report, weights: weights.data, updates };
    }

    it('counts its updates and reports ½‖R⁰‖² per example', async () => {
      const { updates, displacementEnergy, finite } = await solved({ iterations: 5 });
      expect(updates).toBe(5);
      // ½ (0.25 + 0.0625 + 0.015625 + 1 + 1 + 0.25) / 3
      expect(displacementEnergy).toBeCloseTo(2.578125 / 6, 6);
      expect(finite).toBe(true);
    });

    it('lowers the objective that it reports, in either form', async () => {
      for (const form of ['direct', 'gram'] as const) {
        const report = await solved({ localLoss: { name: 'squared' }, form, iterations: 8 });
        // Without a regularizer the squared objective before is the energy.
        expect(report.objectiveBefore).toBeCloseTo(report.displacementEnergy, 6);
        expect(report.objectiveAfter).toBeLessThan(report.objectiveBefore!);
      }
    });

    it('reports no objective that was not asked for or has no elementary form', async () => {
      const none = { objectiveBefore: null, objectiveAfter: null, finite: true };
      expect(await solved({}, { objective: false })).toMatchObject(none);
      expect(await solved({ transfer: { name: 'softplus' } })).toMatchObject(none);
      const exact = { solver: 'exact', regularizer: { name: 'proximal', eta: 1 } } as const;
      expect(await solved({ ...exact, localLoss: { name: 'squared' } }, { objective: false })).toMatchObject(
        none,
      );
    });

    it('tells for how long the engine was busy', async () => {
      const { seconds } = await solved({});
      expect(seconds).toBeGreaterThan(0);
      expect(seconds).toBeLessThan(60);
    });

    it('gives the same weights whether or not it reports the objective', async () => {
      expect((await solved({}, { objective: false })).weights).toEqual((await solved({})).weights);
    });

    it('multiplies the learning rate by the factor', async () => {
      const halved = await solved({ learningRate: 0.08 }, { rateFactor: 0.5 });
      expect(halved.weights).toEqual((await solved({ learningRate: 0.04 })).weights);
      expect((await solved({}, { rateFactor: 0 })).weights).not.toEqual(halved.weights);
    });

    it.each([
      { transfer: { name: 'sigmoid' } },
      { transfer: { name: 'softplus' } },
      { localLoss: { name: 'squared' }, form: 'gram' },
    ] as const)('tells when its result is not finite: %o', async (choice) => {
      expect((await solved(choice, { rateFactor: Infinity })).finite).toBe(false);
      expect((await solved(choice, { rateFactor: Infinity, objective: false })).finite).toBe(false);
    });
  });
}
