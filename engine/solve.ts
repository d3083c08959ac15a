import { exactRoutine } from '../core/exact.js';
import type { Routine } from '../core/expression/routine.js';
import type { ScalarValues } from '../core/expression/scalars.js';
import type { LayerRule } from '../core/layer.js';
import { slotNames, solveRoutine } from '../core/local-problem.js';
import type { Matrix } from '../core/matrix.js';
import { localFactor } from '../core/schedules.js';
import type { Call, Engine, Result, Tensor } from './engine.js';
import type { LayerTensors } from './layer-tensors.js';
import { memoized } from './memo.js';

/** What a layer has to solve in one step. */
export interface LocalProblem {
  readonly inputs: Tensor; // X [examples, inputs]
  readonly displacement: Tensor; // R⁰ [examples, units]
  /** A [examples, units] with the current weights; saves a product where it is at hand. */
  readonly preactivation?: Tensor;
}

export interface SolveSettings {
  /** What the layer's learning rate is multiplied by in this step. */
  readonly rateFactor: number;
  /** Report the objective before and after. */
  readonly objective: boolean;
}

export interface Solution {
  /** The layer's new state, in new tensors; the old ones stay as they are. */
  readonly state: LayerTensors;
  /** Before the first local iteration; null where it was not asked for or has no elementary form. */
  readonly objectiveBefore: number | null;
  /** After the last local iteration. */
  readonly objectiveAfter: number | null;
  /** ½‖R⁰‖²/examples. */
  readonly displacementEnergy: number;
  /** Whether the new weights and bias and all of these numbers are finite. */
  readonly finite: boolean;
  /** How long the engine was busy with it. */
  readonly seconds: number;
}

/**
 * Solves one layer's local problem from its current state.
 *
 * @throws LocopropError ENGINE_CALL_FAILED, ENGINE_LOST
 */
export async function solveLayer(
  engine: Engine,
  rule: LayerRule,
  problem: LocalProblem,
  state: LayerTensors,
  settings: SolveSettings,
): Promise<Solution> {
  const exact = rule.solver === 'exact';
  const inputs = { ...problem, ...initialTensors(rule, state) };
  const { tensors, numbers, seconds } = exact
    ? await solveExactly(engine, rule, inputs)
    : await engine.run({ ...iterativeCall(rule, problem, state, settings), inputs });
  const updates = state.updates + (exact ? 0 : rule.iterations);
  return {
    state: stateOf(rule, tensors, updates),
    objectiveBefore: settings.objective ? (numbers['objectiveBefore'] ?? null) : null,
    objectiveAfter: settings.objective ? (numbers['objectiveAfter'] ?? null) : null,
    displacementEnergy: numbers['displacementEnergy']!,
    finite: Object.values(numbers).every(Number.isFinite),
    seconds,
  };
}

type RoutineCall = Omit<Call, 'inputs'>;

/** A rule's routines, by the options that they were built with. */
const routinesOf = memoized<LayerRule, Map<string, Routine>>(() => new Map());

function routineFor(rule: LayerRule, preactivationKnown: boolean, objective: boolean): Routine {
  const routines = routinesOf(rule);
  const key = `${preactivationKnown} ${objective}`;
  const known = routines.get(key);
  if (known) return known;
  const routine = solveRoutine(rule, { preactivationKnown, objective, repeated: rule.iterations > 1 });
  routines.set(key, routine);
  return routine;
}

function iterativeCall(
  rule: LayerRule,
  { inputs, preactivation }: LocalProblem,
  { updates }: LayerTensors,
  { rateFactor, objective }: SolveSettings,
): RoutineCall {
  const { iterations, learningRate, localSchedule } = rule;
  const [first, ...passes] = Array.from({ length: iterations }, (_, k): ScalarValues => ({
    examples: inputs.rows,
    rate: learningRate * rateFactor * localFactor(localSchedule, k, iterations),
    count: updates + k + 1,
  }));
  const routine = routineFor(rule, preactivation !== undefined, objective);
  return { routine, scalars: first!, passes };
}

/** Of a matrix with a unit diagonal, in the engine's precision. */
const smallestPivot = { float32: 1e-6, float64: 1e-14 };

async function solveExactly(
  engine: Engine,
  { regularizer }: LayerRule,
  given: Readonly<Record<string, Tensor>> & LocalProblem,
): Promise<Result> {
  const eta = regularizer.h['eta'];
  if (eta === undefined) throw new TypeError('the exact solver needs a proximal regularizer');
  const { rows: examples, columns: pivots } = given.inputs;
  const passes = Array.from({ length: pivots }, (_, pivot): ScalarValues => ({
    pivot,
    smallestPivot: smallestPivot[engine.info.precision],
  }));
  const positions = await engine.upload(positionsBelow(pivots));
  try {
    const inputs = { ...given, positions };
    return await engine.run({ routine: exactRoutine, inputs, scalars: { examples, eta }, passes });
  } finally {
    engine.release([positions]);
  }
}

/** The numbers 0 to count − 1, [count, 1]. */
const positionsBelow = (count: number): Matrix => ({
  rows: count,
  columns: 1,
  data: Float64Array.from({ length: count }, (_, position) => position),
});

/** The state under the names that the routines give it. */
function initialTensors(rule: LayerRule, state: LayerTensors): Record<string, Tensor> {
  const tensors: Record<string, Tensor> = { initialWeights: state.weights, initialBias: state.bias };
  for (const slot of slotNames(rule)) {
    const [weights, bias] = [state.weightSlots[slot], state.biasSlots[slot]];
    if (!weights || !bias) throw new TypeError(`the layer's state has no slot "${slot}"`);
    tensors[`initialWeights.${slot}`] = weights;
    tensors[`initialBias.${slot}`] = bias;
  }
  return tensors;
}

function stateOf(rule: LayerRule, tensors: Result['tensors'], updates: number): LayerTensors {
  const slots = (name: string): Record<string, Tensor> =>
    Object.fromEntries(slotNames(rule).map((slot) => [slot, tensors[`${name}.${slot}`]!]));
  return {
    weights: tensors['weights']!,
    bias: tensors['bias']!,
    weightSlots: slots('weights'),
    biasSlots: slots('bias'),
    updates,
  };
}
