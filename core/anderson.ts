import {
  add,
  divide,
  greater,
  input,
  maximum,
  multiply,
  scalar,
  subtract,
  sum,
  where,
  type Bindings,
  type Expression,
} from './expression/expression.js';
import type { Parameters } from './regularization.js';

/*
 * The local problem with a proximal regularizer as a fixed point, V = g(V) with g(V) = V⁰ − η∇(V), V = [W; b] and
 * ∇ the gradient of the local loss alone, by Anderson's acceleration (Anderson, "Iterative procedures for
 * nonlinear integral equations", 1965; Walker and Ni, "Anderson acceleration for fixed-point iterations", SIAM
 * Journal on Numerical Analysis 49, 2011). The map and its use for LocoProp are richardcepka/LocoProp's.
 *
 * With G = g(V) − V, an iteration takes the α that minimise ‖Σ αⱼGⱼ‖² + λ‖α‖², Σ αⱼ = 1, over the last
 * `memory` iterates, this one included, and goes to Σ αⱼVⱼ + β Σ αⱼGⱼ. Each unit has α of its own, so columns can
 * be solved apart. As there, λ is absolute and the result is the last iterate, not g of it. The first iteration,
 * without a history, goes to V⁰ + βG (there g(V⁰)).
 *
 * The α are y / Σ yⱼ with (GᵀG + λI) y = 1, a system of at most `memory` unknowns for each unit, eliminated
 * without pivoting: its matrix is positive definite. Newest first, so that rounding falls on the oldest.
 *
 * Scalars of a pass: rate β; entries, how many iterates there are, this one included and at most `memory`.
 */

export interface AndersonSettings {
  /** Iterates that are combined; 1 for the plain iteration. */
  readonly memory: number;
  /** λ. */
  readonly regularization: number;
  /** β. */
  readonly mixing: number;
}

export const defaultAnderson: AndersonSettings = { memory: 5, regularization: 1e-4, mixing: 1 };

/** Share of a diagonal entry below which rounding, in float32, is all that is left of a pivot. */
const SMALLEST_PIVOT = 1e-7;

type Row = Expression; // [1, units]

/** An iterate with its G. */
interface Entry {
  readonly at: Parameters;
  readonly step: Parameters;
}

const both = (make: (name: keyof Parameters) => Expression): Parameters => ({
  weights: make('weights'),
  bias: make('bias'),
});

const inner = (x: Parameters, y: Parameters): Row =>
  add(sum(multiply(x.weights, y.weights), 0), multiply(x.bias, y.bias));

/** Names of what the loop carries besides weights and bias; entry 1 is the iterate before. */
const atName = (name: keyof Parameters, entry: number): string => `${name}.at${entry}`;
const stepName = (name: keyof Parameters, entry: number): string => `${name}.step${entry}`;
const productName = (i: number, j: number): string => `product${Math.min(i, j)}.${Math.max(i, j)}`;

const indices = (length: number): number[] => Array.from({ length }, (_, index) => index);

/** What is carried to the next pass: the entries, newest first, the inner products of their steps, and V. */
function carried(
  entries: readonly Entry[],
  products: (i: number, j: number) => Row,
  next: Parameters,
): Bindings {
  const bindings: Record<string, Expression> = { ...next };
  for (const [index, { at, step }] of entries.entries()) {
    for (const name of ['weights', 'bias'] as const) {
      bindings[atName(name, index + 1)] = at[name];
      bindings[stepName(name, index + 1)] = step[name];
    }
    for (const other of indices(index + 1)) {
      bindings[productName(other + 1, index + 1)] = products(other, index);
    }
  }
  return bindings;
}

const stepOf = (gradient: Parameters, eta: number, initial: Parameters, at: Parameters): Parameters =>
  both((name) => subtract(subtract(initial[name], at[name]), multiply(eta, gradient[name])));

/** The first iteration, from V⁰ with its gradient. */
export function firstIteration(
  { memory }: AndersonSettings,
  eta: number,
  initial: Parameters,
  gradient: Parameters,
): Bindings {
  const step = both((name) => multiply(-eta, gradient[name]));
  const nothing = both((name) => multiply(0, initial[name]));
  const noProduct = multiply(0, initial.bias);
  const own = inner(step, step);
  const next = both((name) => add(initial[name], multiply(scalar('rate'), step[name])));
  const entries = indices(memory - 1).map((entry) =>
    entry === 0 ? { at: initial, step } : { at: initial, step: nothing },
  );
  return carried(entries, (i, j) => (i === 0 && j === 0 ? own : noProduct), next);
}

/** A further iteration, from the current V with its gradient. */
export function furtherIteration(
  { memory, regularization }: AndersonSettings,
  eta: number,
  initial: Parameters,
  gradient: Parameters,
): Bindings {
  const at = both((name) => input(name));
  const entries = [{ at, step: stepOf(gradient, eta, initial, at) }, ...indices(memory - 1).map(entryBefore)];
  const newest = entries.map(({ step }) => inner(entries[0]!.step, step));
  const products = (i: number, j: number): Row => {
    const [first, second] = [Math.min(i, j), Math.max(i, j)];
    return first === 0 ? newest[second]! : input(productName(first, second));
  };
  // An entry that is not there yet has a step of zero, and an equation of its own: y = 0.
  const there = indices(memory).map((entry) => where(greater(scalar('entries'), entry), 1, 0));
  const matrix = (i: number, j: number): Row =>
    i === j ? add(products(i, i), add(regularization, subtract(1, there[i]!))) : products(i, j);
  const y = solved(matrix, there);
  const total = y.reduce((x, value) => add(x, value));
  const alphas = y.map((value) => divide(value, total));
  // The α add up to 1: of Σ αⱼVⱼ, only differences from the newest are rounded.
  const next = both((name) => {
    const moves = entries.map((entry, index) => {
      const mixed = multiply(scalar('rate'), entry.step[name]);
      const move = index === 0 ? mixed : add(subtract(entry.at[name], at[name]), mixed);
      return multiply(alphas[index]!, move);
    });
    return add(
      at[name],
      moves.reduce((x, move) => add(x, move)),
    );
  });
  return carried(entries.slice(0, memory - 1), products, next);
}

const entryBefore = (index: number): Entry => ({
  at: both((name) => input(atName(name, index + 1))),
  step: both((name) => input(stepName(name, index + 1))),
});

/** The y with My = right for every unit, by M = LDLᵀ; M is given by its entries. */
function solved(matrix: (i: number, j: number) => Row, right: readonly Expression[]): Row[] {
  const lower: Row[][] = [];
  const pivots: Row[] = [];
  const less = (from: Expression, products: readonly Expression[]): Expression =>
    products.reduce((x, product) => subtract(x, product), from);
  for (const i of right.keys()) {
    const row: Row[] = [];
    // L_ij D_j, before the division.
    for (const j of indices(i)) {
      const scaled = less(
        matrix(i, j),
        indices(j).map((k) => multiply(multiply(row[k]!, pivots[k]!), lower[j]![k]!)),
      );
      row.push(divide(scaled, pivots[j]!));
    }
    const diagonal = matrix(i, i);
    const pivot = less(
      diagonal,
      indices(i).map((k) => multiply(multiply(row[k]!, row[k]!), pivots[k]!)),
    );
    pivots.push(maximum(pivot, multiply(SMALLEST_PIVOT, diagonal)));
    lower.push(row);
  }
  const forward: Expression[] = [];
  for (const [i, value] of right.entries()) {
    forward.push(
      less(
        value,
        indices(i).map((k) => multiply(lower[i]![k]!, forward[k]!)),
      ),
    );
  }
  const y: Row[] = [];
  for (const i of indices(right.length).toReversed()) {
    const later = indices(right.length).slice(i + 1);
    y[i] = less(
      divide(forward[i]!, pivots[i]!),
      later.map((k) => multiply(lower[k]![i]!, y[k]!)),
    );
  }
  return y;
}
