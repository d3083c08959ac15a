import {
  add,
  divide,
  input,
  matmul,
  multiply,
  scalar,
  square,
  subtract,
  sum,
  transpose,
  type Bindings,
  type Expression,
} from './expression/expression.js';
import type { Routine } from './expression/routine.js';
import { firstIteration, furtherIteration } from './anderson.js';
import { activate, type LayerRule } from './layer.js';
import type { OptimizerUpdate } from './parts/part.js';
import { regularizerGradient, regularizerValue, type Parameters } from './regularization.js';

/*
 * One layer's local problem as a routine: K local iterations from the current weights with X and T
 * held fixed, each an update of the optimizer or an iteration of Anderson's acceleration.
 *
 * Inputs: inputs X [examples, inputs]; displacement R⁰ [examples, units]; initialWeights W⁰
 * [inputs, units] and initialBias b⁰ [1, units] with a matrix `initialWeights.<slot>` and
 * `initialBias.<slot>` for each slot; and preactivation A [examples, units] where it is known.
 * Scalars: examples; rate and count of the first local iteration, then of each further one, or for the solver
 * `anderson` rate and entries.
 * Outputs: weights, bias, their slots as `weights.<slot>` and `bias.<slot>`. Numbers: displacementEnergy
 * ½‖R⁰‖²/B; objectiveBefore and objectiveAfter or, where there is no objective, check, which is finite
 * exactly if weights and bias are.
 */

export interface SolveOptions {
  /** The caller supplies A = XW⁰ + b⁰, which saves a product. */
  readonly preactivationKnown: boolean;
  /** Report the objective; costs a product, except that the Gram form has it from a smaller one. */
  readonly objective: boolean;
  /** More than one local iteration. */
  readonly repeated: boolean;
}

const examples = scalar('examples');
/** W⁰ and b⁰. */
export const initial: Parameters = { weights: input('initialWeights'), bias: input('initialBias') };

/** Names and initial values of the slots that a layer's optimizer keeps; other solvers have none. */
export function slotInitials({
  solver,
  optimizer,
  secondOrder,
}: LayerRule): Readonly<Record<string, number>> {
  if (secondOrder) return Object.fromEntries(secondOrder.slots.map((slot) => [slot, 0]));
  return solver !== 'iterative' ? {} : optimizer.part.slots(optimizer.h);
}

export const slotNames = (rule: LayerRule): string[] => Object.keys(slotInitials(rule));

export function solveRoutine(rule: LayerRule, options: SolveOptions): Routine {
  const build = rule.form === 'gram' ? gramSolve : directSolve;
  const { setup, body, final } = build(rule, options);
  const by = rule.solver === 'anderson' ? 'anderson' : rule.optimizer.part.name;
  return {
    name: `solve ${rule.form} ${rule.localLoss.part.name} ${rule.transfer.part.name} ${by}`,
    setup,
    ...(options.repeated && { loop: { body } }),
    final,
    outputs: stateNames(rule),
    numbers: Object.keys(final),
  };
}

/** Names of what a solve changes, in the order weights, bias, slots of each. */
const stateNames = (rule: LayerRule): string[] => [
  'weights',
  'bias',
  ...slotNames(rule).flatMap((slot) => [`weights.${slot}`, `bias.${slot}`]),
];

interface Pieces {
  readonly setup: Bindings;
  readonly body: Bindings;
  readonly final: Bindings;
}

/** The optimizer's update of weights and bias from their gradients, state and slots read from `from`. */
function update(
  rule: LayerRule,
  gradient: Parameters,
  from: (name: string) => Expression,
): Parameters & Bindings {
  const { part, h } = rule.optimizer;
  const parameters: Parameters = { weights: from('weights'), bias: from('bias') };
  const regularized = regularizerGradient(rule.regularizer, parameters, initial, gradient);
  const context = { rate: scalar('rate'), count: scalar('count') };
  const updated = (name: keyof Parameters): OptimizerUpdate => {
    const slots = Object.fromEntries(slotNames(rule).map((slot) => [slot, from(`${name}.${slot}`)]));
    return part.update({ parameter: parameters[name], gradient: regularized[name], slots, ...context }, h);
  };
  const named = (name: keyof Parameters, { slots }: OptimizerUpdate): Bindings =>
    Object.fromEntries(Object.entries(slots).map(([slot, value]) => [`${name}.${slot}`, value]));
  const [weights, bias] = [updated('weights'), updated('bias')];
  return {
    weights: weights.parameter,
    bias: bias.parameter,
    ...named('weights', weights),
    ...named('bias', bias),
  };
}

/** The first local iteration, from W⁰ and b⁰ with the gradient of the local loss. */
function firstUpdate(rule: LayerRule, gradient: Parameters): Bindings {
  if (rule.solver !== 'anderson') return update(rule, gradient, atStart);
  return firstIteration(rule.anderson, etaOf(rule), initial, gradient);
}

/** A further one, from the current weights and bias. */
function furtherUpdate(rule: LayerRule, gradient: Parameters): Bindings {
  if (rule.solver !== 'anderson') return update(rule, gradient, current);
  return furtherIteration(rule.anderson, etaOf(rule), initial, gradient);
}

/** η of a layer's proximal regularizer. */
export function etaOf({ regularizer, solver }: LayerRule): number {
  const eta = regularizer.h['eta'];
  if (eta === undefined) throw new TypeError(`the solver ${solver} needs a proximal regularizer`);
  return eta;
}

const current = (name: string): Expression => input(name);
const atStart = (name: string): Expression =>
  input(
    name.startsWith('weights')
      ? name.replace('weights', 'initialWeights')
      : name.replace('bias', 'initialBias'),
  );

/** The gradients XᵀR and column sums of R. */
export const parameterGradient = (inputsTransposed: Expression, residual: Expression): Parameters => ({
  weights: matmul(inputsTransposed, residual),
  bias: sum(residual, 0),
});

function directSolve(rule: LayerRule, options: SolveOptions): Pieces {
  const { part: loss, h } = rule.localLoss;
  const x = input('inputs');
  const preactivationOf = (p: Parameters): Expression => add(matmul(x, p.weights), p.bias);

  const outputOf = (a: Expression, y: Expression): Expression => (loss.output === 'preactivation' ? a : y);
  const lossContext = (a: Expression, target: Expression, displacement?: Expression) => {
    const activation = activate(rule.transfer, a);
    const output = outputOf(a, activation.y);
    return { a, ...activation, output, target, displacement: displacement ?? subtract(output, target) };
  };

  const a0 = options.preactivationKnown ? input('preactivation') : preactivationOf(initial);
  const target = subtract(outputOf(a0, activate(rule.transfer, a0).y), input('displacement'));
  const first = loss.gradient(lossContext(a0, target, input('displacement')), h);
  const started = firstUpdate(rule, parameterGradient(transpose(x), first));
  const setup: Bindings = { ...started, target, inputsTransposed: transpose(x), startPreactivation: a0 };

  const parameters: Parameters = { weights: input('weights'), bias: input('bias') };
  const preactivation = preactivationOf(parameters);
  const residual = loss.gradient(lossContext(preactivation, input('target')), h);
  const body = furtherUpdate(rule, parameterGradient(input('inputsTransposed'), residual));

  const objective = (a: Expression, p: Parameters, displacement?: Expression): Expression | undefined => {
    const terms = loss.value(lossContext(a, input('target'), displacement), h);
    if (!terms) return undefined;
    const total = terms.map((term) => sum(term, 'all')).reduce((x, y) => add(x, y));
    return divide(add(total, regularizerValue(rule.regularizer, p, initial)), examples);
  };
  const before = objective(input('startPreactivation'), initial, input('displacement'));
  const after = objective(preactivation, parameters);
  return { setup, body, final: { ...displacementEnergy, ...objectives(options, before, after) } };
}

/** ½‖R⁰‖²/B: the scale that the guard compares a rise of the objective with. */
export const displacementEnergy: Bindings = {
  displacementEnergy: divide(multiply(0.5, sum(square(input('displacement')), 'all')), examples),
};

/** Finite exactly if weights and bias are: 0·w is 0 for every finite w and NaN for every other. */
export const finiteCheck: Bindings = {
  check: add(sum(multiply(0, input('weights')), 'all'), sum(multiply(0, input('bias')), 'all')),
};

function objectives(
  options: SolveOptions,
  before: Expression | undefined,
  after: Expression | undefined,
): Bindings {
  if (options.objective && before && after) return { objectiveBefore: before, objectiveAfter: after };
  return finiteCheck;
}

/**
 * The squared loss by its Gram matrices: with Z = [X, 1], V = [W; b] and ΔV = V − V⁰, the gradient is
 * ZᵀR⁰ + ZᵀZ ΔV. ZᵀZ is kept in blocks, XᵀX [inputs, inputs], s = Xᵀ1 [inputs, 1] and B.
 */
function gramSolve(rule: LayerRule, options: SolveOptions): Pieces {
  const first = parameterGradient(transpose(input('inputs')), input('displacement'));
  const setup: Bindings = {
    ...firstUpdate(rule, first),
    ...gramBlocks,
    gradientWeights: first.weights,
    gradientBias: first.bias,
  };
  const moved: Parameters = {
    weights: subtract(input('weights'), initial.weights),
    bias: subtract(input('bias'), initial.bias),
  };
  const curvature = gramProduct(moved);
  const start: Parameters = { weights: input('gradientWeights'), bias: input('gradientBias') };
  const gradient: Parameters = {
    weights: add(start.weights, curvature.weights),
    bias: add(start.bias, curvature.bias),
  };
  const body = furtherUpdate(rule, gradient);

  // ½‖R⁰ + ZΔV‖² = ½‖R⁰‖² + ⟨ZᵀR⁰, ΔV⟩ + ½⟨ΔV, ZᵀZ ΔV⟩
  const rise = (name: keyof Parameters): Expression =>
    sum(multiply(moved[name], add(start[name], multiply(0.5, curvature[name]))), 'all');
  const regularization = (p: Parameters): Expression =>
    divide(regularizerValue(rule.regularizer, p, initial), examples);
  const ownBefore = displacementEnergy['displacementEnergy']!;
  const before = add(ownBefore, regularization(initial));
  const after = add(
    add(ownBefore, divide(add(rise('weights'), rise('bias')), examples)),
    regularization({ weights: input('weights'), bias: input('bias') }),
  );
  return { setup, body, final: { ...displacementEnergy, ...objectives(options, before, after) } };
}

/** ZᵀZ of Z = [X, 1] in blocks: gram XᵀX and inputSums Xᵀ1; the last block is `examples`. */
const gramBlocks: Bindings = {
  gram: matmul(transpose(input('inputs')), input('inputs')),
  inputSums: transpose(sum(input('inputs'), 0)),
};

/** ZᵀZ times [weights; bias]. */
function gramProduct(v: Parameters): Parameters {
  const [gram, inputSums] = [input('gram'), input('inputSums')];
  return {
    weights: add(matmul(gram, v.weights), multiply(inputSums, v.bias)),
    bias: add(sum(multiply(inputSums, v.weights), 0), multiply(examples, v.bias)),
  };
}
