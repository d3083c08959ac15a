import {
  add,
  divide,
  greater,
  input,
  max,
  multiply,
  negate,
  scalar,
  square,
  subtract,
  sum,
  transpose,
  where,
  type Bindings,
  type Expression,
} from './expression/expression.js';
import type { Routine } from './expression/routine.js';
import { gramBlocks, gramProduct } from './local-problem.js';
import type { Parameters } from './regularization.js';

/*
 * The squared local problem with a proximal regularizer, solved exactly: with Z = [X, 1], V = [W; b]
 * and ΔV = V − V⁰, (ZᵀZ + I/η) ΔV = −ZᵀR⁰. Every column of ΔV is found by conjugate gradients with the
 * diagonal as preconditioner (Shewchuk, 1994, B3). A column stops moving once its residual is small,
 * whatever the others do, so columns can be split over workers without a change in any bit.
 *
 * Inputs and outputs are those of `solveRoutine`, without slots. Scalars: examples; eta; tolerance, the
 * residual's norm at which a column is done, relative to its right-hand side's.
 */

const residual: Parameters = { weights: input('residual.weights'), bias: input('residual.bias') };
const direction: Parameters = { weights: input('direction.weights'), bias: input('direction.bias') };
const step: Parameters = { weights: input('step.weights'), bias: input('step.bias') };

/** (ZᵀZ + I/η) v. */
function regularizedProduct(v: Parameters): Parameters {
  const product = gramProduct(v);
  const shift = divide(1, scalar('eta'));
  return {
    weights: add(product.weights, multiply(shift, v.weights)),
    bias: add(product.bias, multiply(shift, v.bias)),
  };
}

/** Each column's inner product, [1, units]. */
const columnDot = (u: Parameters, v: Parameters): Expression =>
  add(sum(multiply(u.weights, v.weights), 0), multiply(u.bias, v.bias));

/** u + α v with α [1, units]. */
const advance = (u: Parameters, alpha: Expression, v: Parameters): Parameters => ({
  weights: add(u.weights, multiply(alpha, v.weights)),
  bias: add(u.bias, multiply(alpha, v.bias)),
});

const named = (name: string, p: Parameters): Bindings => ({
  [`${name}.weights`]: p.weights,
  [`${name}.bias`]: p.bias,
});

/** The inverse of the diagonal of ZᵀZ + I/η: [inputs, 1] for the weights, a scalar for the bias. */
const inverseDiagonal = {
  weights: divide(1, add(transpose(sum(square(input('inputs')), 0)), divide(1, scalar('eta')))),
  bias: divide(1, add(scalar('examples'), divide(1, scalar('eta')))),
};

const precondition = (r: Parameters, weightScale: Expression): Parameters => ({
  weights: multiply(weightScale, r.weights),
  bias: multiply(inverseDiagonal.bias, r.bias),
});

function setup(): Bindings {
  const displacement = input('displacement');
  const x = input('inputs');
  const right: Parameters = {
    weights: negate({ op: 'matmul', args: [transpose(x), displacement] }),
    bias: negate(sum(displacement, 0)),
  };
  const preconditioned = precondition(right, inverseDiagonal.weights);
  const size = columnDot(right, preconditioned);
  return {
    ...gramBlocks,
    inverseDiagonal: inverseDiagonal.weights,
    ...named('step', { weights: multiply(0, right.weights), bias: multiply(0, right.bias) }),
    ...named('residual', right),
    ...named('direction', preconditioned),
    size,
    limit: multiply(square(scalar('tolerance')), size),
    energy: divide(multiply(0.5, sum(square(displacement), 'all')), scalar('examples')),
    'right.weights': right.weights,
    'right.bias': right.bias,
  };
}

function body(): Bindings {
  const [size, limit] = [input('size'), input('limit')];
  const product = regularizedProduct(direction);
  const going = greater(size, limit);
  const curvature = columnDot(direction, product);
  const alpha = where(going, divide(size, where(greater(curvature, 0), curvature, 1)), 0);
  const newResidual = advance(residual, negate(alpha), product);
  const preconditioned = precondition(newResidual, input('inverseDiagonal'));
  const newSize = columnDot(newResidual, preconditioned);
  const beta = where(going, divide(newSize, where(greater(size, 0), size, 1)), 0);
  return {
    ...named('step', advance(step, alpha, direction)),
    ...named('residual', newResidual),
    ...named('direction', advance(preconditioned, beta, direction)),
    size: newSize,
    unfinished: greater(max(subtract(newSize, limit), 'all'), 0),
  };
}

function final(): Bindings {
  const moved = regularizedProduct(step);
  // J(V⁰ + Δ) − J(V⁰) = ½⟨Δ, (ZᵀZ + I/η)Δ⟩ − ⟨Δ, right⟩
  const rise = (name: keyof Parameters): Expression =>
    sum(
      multiply(step[name], subtract(multiply(0.5, moved[name]), input(`right.${name}`))),
      'all',
    );
  return {
    weights: add(input('initialWeights'), step.weights),
    bias: add(input('initialBias'), step.bias),
    displacementEnergy: multiply(1, input('energy')),
    objectiveBefore: multiply(1, input('energy')),
    objectiveAfter: add(
      input('energy'),
      divide(add(rise('weights'), rise('bias')), scalar('examples')),
    ),
  };
}

export const exactRoutine: Routine = {
  name: 'solve exact',
  setup: setup(),
  loop: { body: body(), while: 'unfinished' },
  final: final(),
  outputs: ['weights', 'bias'],
  numbers: ['displacementEnergy', 'objectiveBefore', 'objectiveAfter'],
};
