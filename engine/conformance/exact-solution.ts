import type { LayerRule } from '../../core/layer.js';
import { layerTensors, uploadLayer } from '../layer-tensors.js';
import { solveLayer } from '../solve.js';
import type { CaseRun, Engines } from './case-run.js';
import type { CaseSource } from './case-source.js';
import { Comparison } from './comparison.js';
import { displacementFrom } from './given-target.js';
import { layerRule } from './layer-rule.js';
import type { ExactSolutionCase } from './schema.js';
import { copyOf, withTensors } from './tensor-scope.js';

const part = (name: string, hyperparameters: Readonly<Record<string, number>> = {}) => ({
  name,
  hyperparameters,
});

/** The squared local problem with a proximal regularizer, solved exactly. */
export function exactSolutionRuns(source: CaseSource, data: ExactSolutionCase): CaseRun[] {
  const { X, eta, float32Error } = data;
  const [inputs, units] = [data.weights0.rows, data.weights0.columns];
  source.requireShape('X', X, [X.rows, inputs]);
  source.requireShape('target', data.target, [X.rows, units]);
  source.requireShape('bias0', data.bias0, [1, units]);
  source.requireShape('weights', data.weights, [inputs, units]);
  source.requireShape('bias', data.bias, [1, units]);
  const rule = layerRule(source, {
    inputs,
    units,
    activation: part('identity'),
    localLoss: 'squared',
    activationLearningRate: 1,
    regularizer: part('proximal', { eta }),
    optimizer: part('sgd'),
    learningRate: 0,
    iterations: 1,
    localSchedule: 'constant',
  });
  const { file, name } = source;
  return [
    {
      file,
      name,
      form: 'exact',
      float32Error,
      run: (engines) => solve(engines, { ...rule, solver: 'exact' }, data),
    },
  ];
}

async function solve(engines: Engines, rule: LayerRule, data: ExactSolutionCase): Promise<Comparison> {
  const { engine } = engines;
  return withTensors(engine, async (scope) => {
    const [weights, bias] = [copyOf(data.weights0), copyOf(data.bias0)];
    const start = await uploadLayer(engine, { weights, bias, weightSlots: {}, biasSlots: {}, updates: 0 });
    scope.keep(layerTensors(start));
    const displacement = await displacementFrom(engines, rule, start, data);
    const problem = { inputs: await scope.upload(data.X), displacement: await scope.upload(displacement) };
    const { state } = await solveLayer(engine, rule, problem, start, { rateFactor: 1, objective: true });
    scope.keep(layerTensors(state));
    const comparison = new Comparison();
    comparison.matrix('weights', await engine.download(state.weights), data.weights);
    comparison.matrix('bias', await engine.download(state.bias), data.bias);
    return comparison;
  });
}
