import {
  add,
  input,
  multiply,
  scalar,
  subtract,
  transpose,
  type Bindings,
} from '../expression/expression.js';
import type { Routine } from '../expression/routine.js';
import type { Chosen, Regularizer } from '../parts/part.js';
import { displacementEnergy, finiteCheck, initial, parameterGradient } from '../local-problem.js';
import { regularizerGradient, type Parameters } from '../regularization.js';

/** The slot that every second-order method has. */
export const MOMENTUM = 'momentum';

/**
 * The gradients of a layer, those of its regularizer included.
 *
 * Inputs: inputs X [examples, inputs]; displacement D [examples, units], 1/examples included;
 * initialWeights and initialBias. Scalars: examples. Outputs: gradientWeights [inputs, units] and gradientBias
 * [1, units]. Numbers: displacementEnergy ½‖D‖²/B.
 */
export function gradientRoutine(regularizer: Chosen<Regularizer>): Routine {
  const own = parameterGradient(transpose(input('inputs')), input('displacement'));
  const { weights, bias } = regularizerGradient(regularizer, initial, initial, own);
  return {
    name: 'gradient',
    setup: { gradientWeights: weights, gradientBias: bias, ...displacementEnergy },
    outputs: ['gradientWeights', 'gradientBias'],
    numbers: ['displacementEnergy'],
  };
}

/**
 * m ← μm + νv and W ← W − r m, for weights and bias. Scalars: momentum μ, scale ν, rate r. Numbers: check,
 * which is finite exactly if weights and bias are.
 */
export const updateRoutine: Routine = (() => {
  const updated = (name: keyof Parameters, direction: string): Bindings => {
    const parameter = name === 'weights' ? 'initialWeights' : 'initialBias';
    const step = multiply(scalar('scale'), input(direction));
    const momentum = add(multiply(scalar('momentum'), input(`${parameter}.${MOMENTUM}`)), step);
    return {
      [name]: subtract(input(parameter), multiply(scalar('rate'), momentum)),
      [`${name}.${MOMENTUM}`]: momentum,
    };
  };
  const setup = { ...updated('weights', 'directionWeights'), ...updated('bias', 'directionBias') };
  return {
    name: 'update',
    setup,
    final: finiteCheck,
    outputs: Object.keys(setup),
    numbers: ['check'],
  };
})();
