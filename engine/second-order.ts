import type { ScalarValues } from '../core/expression/scalars.js';
import type { LayerRule } from '../core/layer.js';
import { positionsBelow } from '../core/matrix.js';
import { MOST_PASSES } from '../core/second-order/inverse-root.js';
import { refreshIsDue, type SecondOrderMethod } from '../core/second-order/method.js';
import { gradientRoutine, updateRoutine } from '../core/second-order/update.js';
import type { Call, Engine, Result, Tensor } from './engine.js';
import type { LayerTensors } from './layer-tensors.js';
import { memoized } from './memo.js';
import { initialTensors, type LocalProblem, type Solution } from './solve.js';

/*
 * A step of a second-order method on one layer, in two halves: what all layers' directions are multiplied by
 * is known only when all of them are.
 */

type Tensors = Readonly<Record<string, Tensor>>;

/** What a layer has in a step of a second-order method. */
export interface SecondOrderProblem extends LocalProblem {
  /** D of sampled labels [examples, units], for the method that asks for it. */
  readonly sampledGradient?: Tensor;
}

/** A layer's step as far as its direction. */
export interface PreparedStep {
  /** ⟨direction, gradient⟩; 0 for a method that does not ask. */
  readonly alignment: number;
  readonly displacementEnergy: number;
  readonly seconds: number;
  /** directionWeights and directionBias. */
  readonly direction: Tensors;
  /** New ones, as `weights.<slot>` and `bias.<slot>`; without that of the update. */
  readonly slots: Tensors;
  /** Those of the layer's state, but for what is new. */
  readonly factors: Tensors;
}

/** What an inverse root is iterated to, and the share of the largest eigenvalue that the engine can resolve. */
const precisions = {
  float32: { tolerance: 1e-6, ridge: 1e-6 },
  float64: { tolerance: 1e-12, ridge: 1e-14 },
};

const gradientOf = memoized(gradientRoutine);

/**
 * The first half of a step: the gradient, the factors brought up to date, the direction.
 *
 * @param state the layer's, with factors; its tensors stay as they are
 * @throws LocopropError ENGINE_CALL_FAILED, ENGINE_LOST
 */
export async function prepareStep(
  engine: Engine,
  rule: LayerRule,
  method: SecondOrderMethod,
  problem: SecondOrderProblem,
  state: LayerTensors,
): Promise<PreparedStep> {
  const { inputs, displacement, sampledGradient } = problem;
  const examples = inputs.rows;
  const scalars = { examples, inputCount: rule.inputs, unitCount: rule.units, count: state.updates + 1 };
  let seconds = 0;
  const run = async (call: Call): Promise<Result> => {
    const result = await engine.run({ ...call, scalars: { ...scalars, ...call.scalars } });
    seconds += result.seconds;
    return result;
  };
  const given = {
    inputs,
    displacement,
    ...(sampledGradient && { sampledGradient }),
    ...initialTensors(state),
  };
  const gradient = await run({ routine: gradientOf(rule.regularizer), inputs: given });
  try {
    const known = { ...given, ...gradient.tensors };
    let factors = state.factors ?? {};
    const statistics = await run({ routine: method.statistics, inputs: { ...known, ...factors } });
    factors = { ...factors, ...statistics.tensors };
    if (refreshIsDue(method, state.updates)) {
      factors = { ...factors, ...(await refreshed(run, engine, rule, method, factors)) };
    }
    const { tensors, numbers } = await run({ routine: method.direction, inputs: { ...known, ...factors } });
    const { directionWeights, directionBias, ...slots } = tensors;
    return {
      alignment: numbers['alignment'] ?? 0,
      displacementEnergy: gradient.numbers['displacementEnergy']!,
      seconds,
      direction: { directionWeights: directionWeights!, directionBias: directionBias! },
      slots,
      factors,
    };
  } finally {
    engine.release(Object.values(gradient.tensors));
  }
}

/** The inverses and roots of factors. */
async function refreshed(
  run: (call: Call) => Promise<Result>,
  engine: Engine,
  rule: LayerRule,
  { refreshes, ridge }: SecondOrderMethod,
  factors: Tensors,
): Promise<Tensors> {
  const precision = precisions[engine.info.precision];
  const scalars = { ridge: Math.max(ridge, precision.ridge) };
  const passes = Array.from({ length: MOST_PASSES }, (): ScalarValues => ({
    tolerance: precision.tolerance,
  }));
  let all: Tensors = {};
  for (const { routine, over } of refreshes) {
    const positions = await engine.upload(positionsBelow(rule[over]));
    try {
      const { tensors } = await run({ routine, inputs: { ...factors, positions }, scalars, passes });
      all = { ...all, ...tensors };
    } finally {
      engine.release([positions]);
    }
  }
  return all;
}

/**
 * The second half: the update by the direction, which is released.
 *
 * @param step.scale what the direction is multiplied by
 */
export async function finishStep(
  engine: Engine,
  { momentum, slots }: SecondOrderMethod,
  prepared: PreparedStep,
  state: LayerTensors,
  { scale, rate }: { readonly scale: number; readonly rate: number },
): Promise<Solution> {
  const { direction, displacementEnergy, factors } = prepared;
  const { tensors, numbers, seconds } = await engine.run({
    routine: updateRoutine,
    inputs: { ...initialTensors(state), ...direction },
    scalars: { momentum, scale, rate },
  });
  engine.release(Object.values(direction));
  const own: Tensors = { ...prepared.slots, ...tensors };
  const slotsOf = (parameter: 'weights' | 'bias'): Tensors =>
    Object.fromEntries(slots.map((slot) => [slot, own[`${parameter}.${slot}`]!]));
  return {
    state: {
      weights: own['weights']!,
      bias: own['bias']!,
      weightSlots: slotsOf('weights'),
      biasSlots: slotsOf('bias'),
      factors,
      updates: state.updates + 1,
    },
    objectiveBefore: null,
    objectiveAfter: null,
    displacementEnergy,
    finite: [displacementEnergy, ...Object.values(numbers)].every(Number.isFinite),
    seconds: prepared.seconds + seconds,
  };
}
