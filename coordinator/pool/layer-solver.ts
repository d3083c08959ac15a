import type { SecondOrderProblem } from '../../engine/second-order.js';
import type { LayerRule } from '../../core/layer.js';
import type { Engine } from '../../engine/engine.js';
import type { LayerTensors } from '../../engine/layer-tensors.js';
import { solveLayer, type Solution } from '../../engine/solve.js';
import { SecondOrderSolver } from './second-order-solver.js';

/**
 * Solves a layer's problem of a step from its settled state. Tensors of that state may be part of the
 * solution's.
 */
export type LayerSolver = (
  layer: number,
  problem: SecondOrderProblem,
  state: LayerTensors,
  rateFactor: number,
) => Promise<Solution>;

/**
 * How the layers of a network are solved on one engine.
 * @param objective whether to report objectives, which the guard needs; costs a product a solve
 */
export function layerSolver(engine: Engine, rules: readonly LayerRule[], objective: boolean): LayerSolver {
  const method = rules[0]?.secondOrder;
  if (method) {
    const solver = new SecondOrderSolver(engine, rules, method);
    return (...step) => solver.solve(...step);
  }
  return (layer, problem, state, rateFactor) =>
    solveLayer(engine, rules[layer]!, problem, state, { rateFactor, objective });
}
