import type { LayerRule, SolveForm } from '../../core/layer.js';
import { slotInitials } from '../../core/local-problem.js';
import type { Matrix } from '../../core/matrix.js';
import type { Engine, Tensor } from '../engine.js';
import { freshSlots, layerTensors, uploadLayer, type LayerTensors } from '../layer-tensors.js';
import { solveLayer, type Solution } from '../solve.js';
import { forwardLayer } from '../sweep.js';
import type { CaseRun, Engines } from './case-run.js';
import type { CaseSource } from './case-source.js';
import { Comparison } from './comparison.js';
import { displacementFrom } from './given-target.js';
import { layerRule, localLossNames } from './layer-rule.js';
import type { LocalProblemCase } from './schema.js';
import { copyOf, withTensors, type TensorScope } from './tensor-scope.js';

type Solve = LocalProblemCase['solves'][number];

/** A case in each form that can solve it; the direct one with and without the preactivation given. */
export function localProblemRuns(source: CaseSource, data: LocalProblemCase): CaseRun[] {
  const localLoss = localLossNames[data.variant];
  const size = { inputs: data.weights0.rows, units: data.weights0.columns };
  const rule = layerRule(source, { ...data, ...size, localLoss, activationLearningRate: 1 });
  requireShapes(source, data, rule);
  const { file, name } = source;
  const run = (form: SolveForm, known: readonly boolean[]): CaseRun => ({
    ...{ file, name, form, float32Error: data.float32Error },
    run: async (engines) => {
      const comparison = new Comparison();
      for (const preactivationKnown of known) {
        await solveAll(engines, { ...rule, form }, data, preactivationKnown, comparison);
      }
      return comparison;
    },
  });
  return [run('direct', [true, false]), ...(data.variant === 'S' ? [run('gram', [false])] : [])];
}

function requireShapes(source: CaseSource, data: LocalProblemCase, rule: LayerRule): void {
  const { inputs, units } = rule;
  source.requireShape('bias0', data.bias0, [1, units]);
  data.solves.forEach((solve, index) => {
    const of = (field: string): string => `${field} of solve ${index}`;
    source.requireShape(of('X'), solve.X, [solve.X.rows, inputs]);
    source.requireShape(of('target'), solve.target, [solve.X.rows, units]);
    source.requireShape(of('weights'), solve.weights, [inputs, units]);
    source.requireShape(of('bias'), solve.bias, [1, units]);
    requireSlots(source, of('weightSlots'), solve.weightSlots, rule, [inputs, units]);
    requireSlots(source, of('biasSlots'), solve.biasSlots, rule, [1, units]);
  });
}

function requireSlots(
  source: CaseSource,
  what: string,
  slots: Solve['weightSlots'],
  rule: LayerRule,
  shape: readonly [number, number],
): void {
  const known = slotInitials(rule);
  for (const [slot, value] of Object.entries(slots)) {
    const isCount = typeof value === 'number';
    if (isCount ? slot !== 't' : !(slot in known)) {
      throw source.invalid(`${what}: ${rule.optimizer.part.name} has no slot "${slot}" of this shape`);
    }
    if (!isCount) source.requireShape(`"${slot}" in ${what}`, value, shape);
  }
}

/** Solves the case's mini-batches one after the other. */
async function solveAll(
  engines: Engines,
  rule: LayerRule,
  data: LocalProblemCase,
  preactivationKnown: boolean,
  comparison: Comparison,
): Promise<void> {
  const { engine } = engines;
  await withTensors(engine, async (scope) => {
    const [weights, bias] = [copyOf(data.weights0), copyOf(data.bias0)];
    let state = await uploadLayer(engine, { weights, bias, ...freshSlots(rule), updates: 0 });
    scope.keep(layerTensors(state));
    for (const [index, solve] of data.solves.entries()) {
      const inputs = await scope.upload(solve.X);
      const displacement = await scope.upload(await displacementFrom(engines, rule, state, solve));
      const known = preactivationKnown && {
        preactivation: await preactivationOf(scope, rule, state, inputs),
      };
      const problem = { inputs, displacement, ...known };
      const solution = await solveLayer(engine, rule, problem, state, { rateFactor: 1, objective: true });
      state = solution.state;
      scope.keep(layerTensors(state));
      await compare(engine, comparison, ` after solve ${index}`, solution, solve);
    }
  });
}

async function preactivationOf(
  scope: TensorScope,
  rule: LayerRule,
  state: LayerTensors,
  inputs: Tensor,
): Promise<Tensor> {
  const { preactivation, output } = await forwardLayer(scope.engine, rule, state, inputs);
  scope.keep([preactivation, output]);
  return preactivation;
}

async function compare(
  engine: Engine,
  comparison: Comparison,
  when: string,
  { state, objectiveBefore, objectiveAfter }: Solution,
  expected: Solve,
): Promise<void> {
  const tensor = async (what: string, actual: Tensor, value: Matrix): Promise<void> =>
    comparison.matrix(`${what}${when}`, await engine.download(actual), value);

  await tensor('weights', state.weights, expected.weights);
  await tensor('bias', state.bias, expected.bias);
  for (const of of ['weightSlots', 'biasSlots'] as const) {
    for (const [slot, value] of Object.entries(expected[of])) {
      if (typeof value === 'number') comparison.number(`${of}.${slot}${when}`, state.updates, value);
      else await tensor(`${of}.${slot}`, state[of][slot]!, value);
    }
  }
  if (expected.objectiveBefore !== null) {
    comparison.number(`objectiveBefore${when}`, objectiveBefore, expected.objectiveBefore);
  }
  if (expected.objectiveAfter !== null) {
    comparison.number(`objectiveAfter${when}`, objectiveAfter, expected.objectiveAfter);
  }
}
