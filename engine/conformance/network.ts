import { backpropRule } from '../../core/backprop.js';
import type { LayerRule, SolveForm } from '../../core/layer.js';
import type { Matrix } from '../../core/matrix.js';
import type { Engine, Tensor } from '../engine.js';
import { freshSlots, layerTensors, uploadLayer, type LayerTensors } from '../layer-tensors.js';
import { solveLayer } from '../solve.js';
import { backwardSweep, forwardPass, lossGradient, type Activation, type NetworkRule } from '../sweep.js';
import type { CaseRun } from './case-run.js';
import type { CaseSource } from './case-source.js';
import { Comparison } from './comparison.js';
import { difference } from './given-target.js';
import { layerRule, localLossNames } from './layer-rule.js';
import type { NetworkCase } from './schema.js';
import { copyOf, withTensors, type TensorScope } from './tensor-scope.js';

type Step = NetworkCase['steps'][number];

/** Whole steps of a network, in each form that can solve all of its local problems. */
export function networkRuns(source: CaseSource, data: NetworkCase): CaseRun[] {
  requireShapes(source, data);
  const network = networkRule(source, data);
  const { file, name } = source;
  const forms: readonly SolveForm[] = data.algorithm === 'S' ? ['direct', 'gram'] : ['direct'];
  return forms.map((form) => ({
    ...{ file, name, form, float32Error: data.float32Error },
    run: ({ engine }) => train(engine, inForm(network, form), data),
  }));
}

const inForm = ({ loss, layers }: NetworkRule, form: SolveForm): NetworkRule => ({
  loss,
  layers: layers.map((layer) => ({ ...layer, form })),
});

function networkRule(source: CaseSource, data: NetworkCase): NetworkRule {
  const { algorithm, sizes } = data;
  const localLoss = localLossNames[algorithm === 'BP' ? 'S' : algorithm];
  const layers = data.activations.map((activation, layer): LayerRule => {
    const size = { inputs: sizes[layer]!, units: sizes[layer + 1]! };
    const rule = layerRule(source, { ...data, ...size, activation, localLoss });
    return algorithm === 'BP' ? backpropRule(rule) : rule;
  });
  const loss = source.choose('loss', data.loss);
  const last = layers.at(-1)!.transfer.part.name;
  const { transfer = last } = loss.part;
  if (transfer !== last)
    throw source.invalid(`${loss.part.name} needs ${transfer} in the last layer, not ${last}`);
  return { layers, loss };
}

function requireShapes(
  source: CaseSource,
  { sizes, activations, weights0, biases0, steps }: NetworkCase,
): void {
  const layers = sizes.length - 1;
  source.requireCount('activations', activations, layers);
  const parameters = (
    when: string,
    weights: NetworkCase['weights0'],
    biases: NetworkCase['biases0'],
  ): void => {
    source.requireCount(`weights ${when}`, weights, layers);
    source.requireCount(`biases ${when}`, biases, layers);
    weights.forEach((matrix, layer) =>
      source.requireShape(`weights ${layer} ${when}`, matrix, [sizes[layer]!, sizes[layer + 1]!]),
    );
    biases.forEach((matrix, layer) =>
      source.requireShape(`bias ${layer} ${when}`, matrix, [1, sizes[layer + 1]!]),
    );
  };
  parameters('at the start', weights0, biases0);
  steps.forEach((step, index) => {
    const of = `of step ${index}`;
    const examples = step.inputs.rows;
    source.requireShape(`inputs ${of}`, step.inputs, [examples, sizes[0]!]);
    source.requireShape(`labels ${of}`, step.labels, [examples, sizes[layers]!]);
    parameters(of, step.weights, step.biases);
    if (step.targets.length > 0) source.requireCount(`targets ${of}`, step.targets, layers);
    step.targets.forEach((target, layer) =>
      source.requireShape(`target ${layer} ${of}`, target, [examples, sizes[layer + 1]!]),
    );
  });
}

async function train(engine: Engine, network: NetworkRule, data: NetworkCase): Promise<Comparison> {
  const comparison = new Comparison();
  await withTensors(engine, async (scope) => {
    let states: LayerTensors[] = [];
    for (const [layer, rule] of network.layers.entries()) {
      const [weights, bias] = [copyOf(data.weights0[layer]!), copyOf(data.biases0[layer]!)];
      const state = await uploadLayer(engine, { weights, bias, ...freshSlots(rule), updates: 0 });
      scope.keep(layerTensors(state));
      states.push(state);
    }
    for (const [index, step] of data.steps.entries()) {
      states = await runStep(scope, network, states, step, comparison, ` of step ${index}`);
      for (const [layer, { weights, bias }] of states.entries()) {
        const of = ` ${layer} after step ${index}`;
        comparison.matrix(`weights${of}`, await engine.download(weights), step.weights[layer]!);
        comparison.matrix(`bias${of}`, await engine.download(bias), step.biases[layer]!);
      }
    }
  });
  return comparison;
}

/** One step; returns the layers' new states. */
async function runStep(
  scope: TensorScope,
  network: NetworkRule,
  states: readonly LayerTensors[],
  step: Step,
  comparison: Comparison,
  of: string,
): Promise<LayerTensors[]> {
  const { engine } = scope;
  const inputs = await scope.upload(step.inputs);
  const labels = await scope.upload(step.labels);
  const activations = await forwardPass(engine, network.layers, (layer) => states[layer]!, inputs);
  scope.keep(activations.flatMap(({ preactivation, output }) => [preactivation, output]));
  const { loss, gradient } = await lossGradient(engine, network, activations.at(-1)!, labels);
  comparison.number(`loss${of}`, loss, step.loss);

  const next = [...states];
  for await (const problem of backwardSweep(engine, network, states, activations, gradient)) {
    const { layer, displacement } = problem;
    scope.keep([displacement]);
    const rule = network.layers[layer]!;
    const expected = step.targets[layer];
    if (expected) {
      const target = await targetOf(engine, rule, activations[layer]!, displacement);
      comparison.matrix(`target ${layer}${of}`, target, expected);
    }
    const settings = { rateFactor: 1, objective: false };
    const { state } = await solveLayer(engine, rule, problem, states[layer]!, settings);
    scope.keep(layerTensors(state));
    next[layer] = state;
  }
  return next;
}

/** T = output − R⁰, in float64. */
async function targetOf(
  engine: Engine,
  rule: LayerRule,
  { preactivation, output }: Activation,
  displacement: Tensor,
): Promise<Matrix> {
  const reached = rule.localLoss.part.output === 'preactivation' ? preactivation : output;
  return difference(await engine.download(reached), await engine.download(displacement));
}
