import type { Matrix } from '../core/matrix.js';
import { randomStream } from '../core/random.js';
import { Comparison, toleranceOf } from './conformance/comparison.js';
import { withTensors } from './conformance/tensor-scope.js';
import type { Engine } from './engine.js';
import { freshSlots, layerTensors, uploadLayer } from './layer-tensors.js';
import { solveLayer, type Solution } from './solve.js';
import { trialRule, type TrialLayer } from './trial-rule.js';

/** A small local problem: a part of each kind, in sizes that GPUs have kernels of their own for. */
interface CheckedProblem extends TrialLayer {
  readonly name: string;
  readonly examples: number;
}

const problems: readonly CheckedProblem[] = [
  {
    ...{ name: 'a tanh layer', examples: 37, inputs: 33, units: 29 },
    ...{ transfer: 'tanh', optimizer: 'rmsprop', localLoss: 'matching', form: 'direct' },
  },
  {
    ...{ name: 'a sigmoid layer', examples: 64, inputs: 48, units: 64 },
    ...{ transfer: 'sigmoid', optimizer: 'adam', localLoss: 'squared', form: 'gram' },
  },
  {
    ...{ name: 'a softmax layer', examples: 20, inputs: 100, units: 10 },
    ...{ transfer: 'softmax', optimizer: 'momentum', localLoss: 'matching', form: 'direct' },
  },
  {
    // More than any engine has in one graph.
    ...{ name: 'a layer of 40 iterations', examples: 32, inputs: 24, units: 20, iterations: 40 },
    ...{ transfer: 'tanh', optimizer: 'rmsprop', localLoss: 'matching', form: 'direct' },
  },
  {
    ...{ name: 'an exact solve', examples: 30, inputs: 40, units: 12, solver: 'exact' },
    ...{ transfer: 'identity', optimizer: 'momentum', localLoss: 'squared', form: 'direct' },
  },
];

/** Relative to the largest entry expected. */
const FLOAT32_TOLERANCE = 1e-4;

/**
 * Solves some small local problems as the oracle does, in about a second, and looks whether a solve
 * that goes astray is told of.
 *
 * @param oracle the engine reference
 * @returns what the engine does wrong, or null
 * @throws LocopropError ENGINE_CALL_FAILED, ENGINE_LOST
 */
export async function selfCheck(engine: Engine, oracle: Engine): Promise<string | null> {
  const tolerance = toleranceOf(engine.info, FLOAT32_TOLERANCE);
  for (const problem of problems) {
    const own = await solved(engine, problem);
    const expected = await solved(oracle, problem);
    const comparison = new Comparison();
    comparison.matrix('weights', own.weights, expected.weights);
    comparison.matrix('bias', own.bias, expected.bias);
    comparison.number('objective before', own.objectiveBefore, expected.objectiveBefore!);
    comparison.number('objective after', own.objectiveAfter, expected.objectiveAfter!);
    const { error, worst } = comparison;
    if (error > tolerance)
      return `${problem.name} is solved with an error of ${error.toExponential(1)} in its ${worst}`;
    if (!own.finite) return `${problem.name} is solved and taken for not finite`;
    if ((await solved(engine, problem, NaN)).finite)
      return `${problem.name} is taken for finite with a NaN in it`;
  }
  return null;
}

interface Solved extends Pick<Solution, 'objectiveBefore' | 'objectiveAfter' | 'finite'> {
  readonly weights: Matrix;
  readonly bias: Matrix;
}

/** @param first what stands first in the displacement, where it is not of the problem */
function solved(engine: Engine, problem: CheckedProblem, first?: number): Promise<Solved> {
  const rule = trialRule(problem, 1e-3);
  const { examples, inputs, units } = problem;
  const matrix = (what: string, rows: number, columns: number, size: number): Matrix => {
    const { normal } = randomStream(1, problem.name, what);
    return { rows, columns, data: Float64Array.from({ length: rows * columns }, () => size * normal()) };
  };
  const displacement = matrix('displacement', examples, units, 0.1);
  if (first !== undefined) displacement.data[0] = first;
  return withTensors(engine, async (scope) => {
    const state = await uploadLayer(engine, {
      weights: matrix('weights', inputs, units, 1 / Math.sqrt(inputs)),
      bias: matrix('bias', 1, units, 0.1),
      ...freshSlots(rule),
      updates: 0,
    });
    scope.keep(layerTensors(state));
    const given = {
      inputs: await scope.upload(matrix('inputs', examples, inputs, 1)),
      displacement: await scope.upload(displacement),
    };
    const settings = { rateFactor: 1, objective: true };
    const solution = await solveLayer(engine, rule, given, state, settings);
    scope.keep(layerTensors(solution.state));
    return {
      ...solution,
      weights: await engine.download(solution.state.weights),
      bias: await engine.download(solution.state.bias),
    };
  });
}
