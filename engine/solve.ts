import { countingInputs, exactRoutine, sweepPasses } from '../core/exact.js';
import type { Routine } from '../core/expression/routine.js';
import type { ScalarValues } from '../core/expression/scalars.js';
import type { LayerRule } from '../core/layer.js';
import { etaOf, solveRoutine } from '../core/local-problem.js';
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
 * How a layer, or some of its columns, is solved: plain data, so that it can be sent to another machine.
 */
export interface SolveProgram {
  readonly routine: Routine;
  /** In closed form: the passes are over the inputs, and there is one update of no optimizer. */
  readonly exact: boolean;
}

/** The numbers of one solve. */
export interface SolveScalars {
  readonly scalars: ScalarValues;
  /** Of each further local iteration; none for the exact solver. */
  readonly passes: readonly ScalarValues[];
  /** How many updates the solve makes. */
  readonly updates: number;
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
  { rateFactor, objective }: SolveSettings,
): Promise<Solution> {
  const program = solveProgram(rule, { preactivationKnown: problem.preactivation !== undefined, objective });
  const numbers = solveScalars(rule, { examples: problem.inputs.rows, rateFactor, updates: state.updates });
  const solution = await solveProblem(engine, program, problem, state, numbers);
  // The closed form has the objective for nothing.
  return objective ? solution : { ...solution, objectiveBefore: null, objectiveAfter: null };
}

/** Solves a local problem by a program; see `solveLayer`. */
export async function solveProblem(
  engine: Engine,
  { routine, exact }: SolveProgram,
  problem: LocalProblem,
  state: LayerTensors,
  { scalars, passes, updates }: SolveScalars,
): Promise<Solution> {
  const call = { routine, inputs: { ...problem, ...initialTensors(state) }, scalars };
  const { tensors, numbers, seconds } = exact
    ? await solveExactly(engine, call)
    : await engine.run({ ...call, passes });
  return {
    state: stateOf(tensors, state, state.updates + updates),
    objectiveBefore: numbers['objectiveBefore'] ?? null,
    objectiveAfter: numbers['objectiveAfter'] ?? null,
    displacementEnergy: numbers['displacementEnergy']!,
    finite: Object.values(numbers).every(Number.isFinite),
    seconds,
  };
}

/** A rule's programs, by the options that they were built with. */
const programsOf = memoized<LayerRule, Map<string, SolveProgram>>(() => new Map());

export interface ProgramOptions {
  readonly preactivationKnown: boolean;
  readonly objective: boolean;
}

/** How a layer is solved; the same object for the same rule and options. */
export function solveProgram(rule: LayerRule, options: ProgramOptions): SolveProgram {
  const programs = programsOf(rule);
  const key = `${options.preactivationKnown} ${options.objective}`;
  const known = programs.get(key);
  if (known) return known;
  const exact = rule.solver === 'exact';
  const routine = exact ? exactRoutine : solveRoutine(rule, { ...options, repeated: rule.iterations > 1 });
  const program = { routine, exact };
  programs.set(key, program);
  return program;
}

/** @param settings.updates those that the layer has seen so far */
export function solveScalars(
  rule: LayerRule,
  {
    examples,
    rateFactor,
    updates,
  }: { readonly examples: number; readonly rateFactor: number; readonly updates: number },
): SolveScalars {
  const { solver, iterations, learningRate, localSchedule, anderson } = rule;
  if (solver === 'exact') {
    return { scalars: { examples, eta: etaOf(rule) }, passes: [], updates: 0 };
  }
  const [first, ...passes] = Array.from({ length: iterations }, (_, k): ScalarValues =>
    solver === 'anderson'
      ? { examples, rate: anderson.mixing * rateFactor, entries: Math.min(k + 1, anderson.memory) }
      : {
          examples,
          rate: learningRate * rateFactor * localFactor(localSchedule, k, iterations),
          count: updates + k + 1,
        },
  );
  return { scalars: first!, passes, updates: iterations };
}

/** Of a matrix with a unit diagonal, in the engine's precision. */
const smallestPivot = { float32: 1e-6, float64: 1e-14 };

async function solveExactly(engine: Engine, call: Call): Promise<Result> {
  const pivots = call.inputs['inputs']!.columns;
  const passes = sweepPasses(pivots, smallestPivot[engine.info.precision]);
  const counting = countingInputs(pivots);
  const positions = await engine.upload(counting.positions);
  const blockPositions = await engine.upload(counting.blockPositions);
  try {
    return await engine.run({ ...call, inputs: { ...call.inputs, positions, blockPositions }, passes });
  } finally {
    engine.release([positions, blockPositions]);
  }
}

/** The state under the names that the routines give it. */
export const initialTensors = ({
  weights,
  bias,
  weightSlots,
  biasSlots,
}: LayerTensors): Record<string, Tensor> => ({
  initialWeights: weights,
  initialBias: bias,
  ...prefixed('initialWeights', weightSlots),
  ...prefixed('initialBias', biasSlots),
});

const prefixed = (prefix: string, slots: LayerTensors['weightSlots']): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(slots).map(([slot, tensor]) => [`${prefix}.${slot}`, tensor]));

/** @param before the state that the solve started from: its slots are those of the result */
function stateOf(tensors: Result['tensors'], before: LayerTensors, updates: number): LayerTensors {
  const slots = (name: string, names: LayerTensors['weightSlots']): Record<string, Tensor> =>
    Object.fromEntries(Object.keys(names).map((slot) => [slot, tensors[`${name}.${slot}`]!]));
  return {
    weights: tensors['weights']!,
    bias: tensors['bias']!,
    weightSlots: slots('weights', before.weightSlots),
    biasSlots: slots('bias', before.biasSlots),
    updates,
  };
}
