import {
  add,
  divide,
  equals,
  input,
  matmul,
  maximum,
  multiply,
  negate,
  scalar,
  sqrt,
  square,
  subtract,
  sum,
  transpose,
  where,
  type Bindings,
  type Expression,
} from './expression/expression.js';
import type { Routine } from './expression/routine.js';
import type { ScalarValues } from './expression/scalars.js';
import { positionsBelow, type Matrix } from './matrix.js';
import type { Parameters } from './regularization.js';

/*
 * The squared local problem with a proximal regularizer, solved exactly: with Z = [X, 1], V = [W; b],
 * V = V⁰ + Δ and λ = 1/η, (ZᵀZ + λI) Δ = −ZᵀR⁰.
 *
 * The bias is eliminated, which leaves C = MᵀM + mᵀm Bλ/(B + λ) + λI [inputs, inputs], where m is the mean
 * input [1, inputs] and M = X − m: two terms without the cancellation of XᵀX − sums. C, scaled to a unit
 * diagonal, is inverted by sweeping every pivot (Goodnight, "A tutorial on the SWEEP operator", 1979),
 * PIVOTS of them in each pass of the loop, so that passes are products of matrices. Residuals formed from X
 * then refine the solution, as rounding in C alone would cost it half its digits. All that the columns share
 * is computed from X alone, so they can be split over workers.
 *
 * Inputs and outputs are those of `solveRoutine`, without slots, and the inputs positions, 0 to
 * inputs − 1 [inputs, 1], and blockPositions, 0 to PIVOTS − 1 [PIVOTS, 1]. Scalars: examples; eta. Of each
 * pass: pivot, 0, PIVOTS and so on below inputs; and smallestPivot, below which rounding is all that is left
 * of a pivot.
 */

/** Pivots of a pass: fewer read and write all of C more often, more have the columns of a block take the time. */
const PIVOTS = 16;

/** Refinements: the first leaves less than rounding does but for the worst-conditioned problems. */
const REFINEMENTS = 2;

const examples = scalar('examples');
const lambda = divide(1, scalar('eta'));
/** λ/(B + λ). */
const share = divide(lambda, add(examples, lambda));

const centred = input('centred');
const mean = input('mean');
/** diag(C)^−½, [inputs, 1]. */
const scale = input('scale');
const swept = input('swept');
const blockPositions = input('blockPositions');

const half = (x: Expression): Expression => multiply(0.5, x);

function setup(): Bindings {
  const x = input('inputs');
  const positions = input('positions');
  const ownMean = divide(sum(x, 0), examples);
  const ownCentred = subtract(x, ownMean);
  const meanWeight = multiply(examples, share);
  const diagonal = add(add(sum(square(ownCentred), 0), multiply(meanWeight, square(ownMean))), lambda);
  const ownScale = divide(1, sqrt(transpose(diagonal)));
  const curvature = add(
    matmul(transpose(ownCentred), ownCentred),
    multiply(meanWeight, multiply(transpose(ownMean), ownMean)),
  );
  const scaled = multiply(multiply(ownScale, curvature), transpose(ownScale));
  return {
    centred: ownCentred,
    mean: ownMean,
    scale: ownScale,
    swept: where(equals(positions, transpose(positions)), 1, scaled),
  };
}

/**
 * Sweeps PIVOTS pivots, one after another, of A [inputs, inputs]. Pivot k, with e its unit vector, c = A e and
 * v = c − e, makes A − vvᵀ/eᵀc of A. This is the operator less 2 at entry (k, k), which later sweeps only add to;
 * so in the end the inverse is 2I − A. The columns of the block alone are kept up to date from one pivot to the
 * next; the rest of A follows at the end, in one product. Behind the last row, unit vectors are 0.
 */
function sweep(): Bindings {
  const rows = add(blockPositions, scalar('pivot'));
  /** [inputs, PIVOTS]. */
  const units = where(equals(input('positions'), transpose(rows)), 1, 0);
  let columns = matmul(swept, units);
  let roots: Expression | undefined;
  for (let position = 0; position < PIVOTS; position++) {
    const place = where(equals(blockPositions, position), 1, 0);
    const unit = matmul(units, place);
    const column = matmul(columns, place);
    const found = sum(multiply(unit, column), 'all');
    const pivot = maximum(found, scalar('smallestPivot'));
    const direction = subtract(add(column, multiply(subtract(pivot, found), unit)), unit);
    const root = divide(direction, sqrt(pivot));
    columns = subtract(columns, multiply(root, transpose(matmul(transpose(units), root))));
    const ownColumn = multiply(root, transpose(place));
    roots = roots ? add(roots, ownColumn) : ownColumn;
  }
  return { swept: subtract(swept, matmul(roots!, transpose(roots!))) };
}

/** R = R⁰ + XΔW + Δb. */
const residualOf = (delta: Parameters): Expression =>
  add(add(input('displacement'), matmul(input('inputs'), delta.weights)), delta.bias);

/** The step that solves the problem from Δ on, where the residual is R [examples, units]. */
function stepFrom(delta: Parameters | undefined, residual: Expression): Parameters {
  const total = sum(residual, 0);
  const biasDescent = negate(delta ? add(total, multiply(lambda, delta.bias)) : total);
  const alongMean = delta ? subtract(multiply(examples, delta.bias), total) : negate(total);
  const towards = subtract(
    multiply(multiply(share, alongMean), transpose(mean)),
    matmul(transpose(centred), residual),
  );
  const right = delta ? subtract(towards, multiply(lambda, delta.weights)) : towards;
  const scaled = multiply(scale, right);
  const weights = multiply(scale, subtract(multiply(2, scaled), matmul(swept, scaled)));
  const moved = multiply(examples, matmul(mean, weights));
  return { weights, bias: divide(subtract(biasDescent, moved), add(examples, lambda)) };
}

function refine(delta: Parameters): Parameters {
  const step = stepFrom(delta, residualOf(delta));
  return { weights: add(delta.weights, step.weights), bias: add(delta.bias, step.bias) };
}

function final(): Bindings {
  let delta = stepFrom(undefined, input('displacement'));
  for (let refinement = 0; refinement < REFINEMENTS; refinement++) delta = refine(delta);
  const energy = divide(half(sum(square(input('displacement')), 'all')), examples);
  const moved = add(sum(square(delta.weights), 'all'), sum(square(delta.bias), 'all'));
  const loss = add(sum(square(residualOf(delta)), 'all'), multiply(lambda, moved));
  return {
    weights: add(input('initialWeights'), delta.weights),
    bias: add(input('initialBias'), delta.bias),
    displacementEnergy: energy,
    objectiveBefore: energy,
    objectiveAfter: divide(half(loss), examples),
  };
}

export const exactRoutine: Routine = {
  name: 'solve exact',
  setup: setup(),
  loop: { body: sweep() },
  final: final(),
  outputs: ['weights', 'bias'],
  numbers: ['displacementEnergy', 'objectiveBefore', 'objectiveAfter'],
};

/** The inputs that rows are counted with. */
export const COUNTING_INPUTS = ['positions', 'blockPositions'] as const;

export const countingInputs = (inputs: number): Record<(typeof COUNTING_INPUTS)[number], Matrix> => ({
  positions: positionsBelow(inputs),
  blockPositions: positionsBelow(PIVOTS),
});

/** The numbers of the passes. */
export const sweepPasses = (inputs: number, smallest: number): ScalarValues[] =>
  Array.from({ length: Math.ceil(inputs / PIVOTS) }, (_, block) => ({
    pivot: block * PIVOTS,
    smallestPivot: smallest,
  }));
