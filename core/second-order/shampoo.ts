import {
  add,
  divide,
  input,
  matmul,
  maximum,
  multiply,
  power,
  scalar,
  sqrt,
  square,
  subtract,
  transpose,
  type Bindings,
  type Expression,
} from '../expression/expression.js';
import type { Routine } from '../expression/routine.js';
import { inverseRoot, norm, SMALLEST } from './inverse-root.js';
import type { SecondOrderMethod } from './method.js';
import { MOMENTUM } from './update.js';

/*
 * Shampoo: Gupta, Koren and Singer, "Shampoo: preconditioned stochastic tensor optimization" (ICML 2018,
 * arXiv 1802.09568), as Anil, Gupta, Koren, Regan and Singer made it practical, "Scalable second order
 * optimization for deep learning" (2020, arXiv 2002.09018). For weights with the gradient G [inputs, units],
 *
 *     L ← βL + (1 − β)GGᵀ,   R ← βR + (1 − β)GᵀG,   P = (L + ρλI)^(−1/4) G (R + ρλI)^(−1/4)
 *
 * - With β = 1 L and R are sums, L ← L + GGᵀ, as in the paper of 2018; averages forget.
 * - ρλI, a share of the largest eigenvalue as in the authors' program, stands in for the paper's L₀ = εI.
 * - The step's size is grafted from a first-order rule with the step s: P ‖s‖/‖P‖ (section 2.4 of the paper
 *   of 2020). So the scale of L and R does not matter, and averages need no correction for their start at 0.
 * - The bias takes the grafted rule's own step. Each tensor has preconditioners of its own, and a full
 *   matrix for a vector is what the paper leaves to diagonal AdaGrad; to join it to the weights, as one more
 *   row, would mix gradients of other units into L.
 */

export type Graft = 'sgd' | 'adagrad' | 'rmsprop';

export interface ShampooSettings {
  /** β. */
  readonly decay: number;
  /** ρ. */
  readonly epsilon: number;
  readonly graft: Graft;
  readonly momentum: number;
  readonly updateEvery: number;
}

/** Added to the root of the squares: in float32 those of smaller gradients would be 0. */
const LEAST_ROOT = 1e-10;

/** The slot of the grafted rule: the sum or the average of the squared gradient. */
const SQUARES = 'squares';

const gradient = input('gradientWeights');

const averaged = (average: Expression, value: Expression, decay: number): Expression =>
  decay === 1 ? add(average, value) : add(multiply(decay, average), multiply(1 - decay, value));

function statistics(decay: number): Routine {
  const setup: Bindings = {
    left: averaged(input('left'), matmul(gradient, transpose(gradient)), decay),
    right: averaged(input('right'), matmul(transpose(gradient), gradient), decay),
  };
  return { name: 'Shampoo statistics', setup, outputs: Object.keys(setup) };
}

const root = (factor: 'left' | 'right'): Routine => ({
  name: `Shampoo ${factor} root`,
  ...inverseRoot(4, input(factor)),
  final: { [`${factor}Root`]: input('root') },
  outputs: [`${factor}Root`],
});

interface GraftedStep {
  readonly step: Expression;
  readonly squares?: Expression;
}

/** The step of the first-order rule, at rate 1. AdaGrad sums the squares, RMSProp averages them. */
function graftedStep(g: Expression, squares: Expression, { graft, decay }: ShampooSettings): GraftedStep {
  if (graft === 'sgd') return { step: g };
  const averages = graft === 'rmsprop' && decay < 1;
  const next = averaged(squares, square(g), averages ? decay : 1);
  const corrected = averages ? divide(next, subtract(1, power(decay, scalar('count')))) : next;
  return { step: divide(g, add(sqrt(corrected), LEAST_ROOT)), squares: next };
}

function direction(settings: ShampooSettings): Routine {
  const weights = graftedStep(gradient, input(`initialWeights.${SQUARES}`), settings);
  const bias = graftedStep(input('gradientBias'), input(`initialBias.${SQUARES}`), settings);
  const turned = matmul(matmul(input('leftRoot'), gradient), input('rightRoot'));
  const size = divide(norm(weights.step), maximum(norm(turned), SMALLEST));
  const setup: Bindings = {
    directionWeights: multiply(size, turned),
    directionBias: bias.step,
    ...(weights.squares && { [`weights.${SQUARES}`]: weights.squares }),
    ...(bias.squares && { [`bias.${SQUARES}`]: bias.squares }),
  };
  return { name: `Shampoo direction ${settings.graft}`, setup, outputs: Object.keys(setup) };
}

export function shampoo(settings: ShampooSettings): SecondOrderMethod {
  const { decay, epsilon, graft, momentum, updateEvery } = settings;
  return {
    sampled: false,
    momentum,
    updateEvery,
    ridge: epsilon,
    slots: graft === 'sgd' ? [MOMENTUM] : [MOMENTUM, SQUARES],
    factors: ({ inputs, units }) => ({
      left: [inputs, inputs],
      right: [units, units],
      leftRoot: [inputs, inputs],
      rightRoot: [units, units],
    }),
    statistics: statistics(decay),
    refreshes: [
      { routine: root('left'), over: 'inputs' },
      { routine: root('right'), over: 'units' },
    ],
    direction: direction(settings),
    scale: () => 1,
  };
}
