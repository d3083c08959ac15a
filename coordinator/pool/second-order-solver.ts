import type { LayerRule } from '../../core/layer.js';
import type { SecondOrderMethod } from '../../core/second-order/method.js';
import type { Engine } from '../../engine/engine.js';
import type { LayerTensors } from '../../engine/layer-tensors.js';
import {
  finishStep,
  prepareStep,
  type PreparedStep,
  type SecondOrderProblem,
} from '../../engine/second-order.js';
import type { Solution } from '../../engine/solve.js';
import { deferred } from './deferred.js';

/** A step whose layers come one by one. */
class StepInHand {
  /** By layer, so that their sum does not depend on the order in which they come. */
  readonly alignments = new Map<number, number>();
  readonly scale = deferred<number>();
}

/**
 * Solves all layers of a network by a second-order method. A layer's solution is there once all layers of the
 * step have their directions: their common scale takes them all.
 */
export class SecondOrderSolver {
  readonly #engine: Engine;
  readonly #rules: readonly LayerRule[];
  readonly #method: SecondOrderMethod;
  #step = new StepInHand();

  constructor(engine: Engine, rules: readonly LayerRule[], method: SecondOrderMethod) {
    this.#engine = engine;
    this.#rules = rules;
    this.#method = method;
  }

  /** Each layer is to be solved once in a step. */
  async solve(
    layer: number,
    problem: SecondOrderProblem,
    state: LayerTensors,
    rateFactor: number,
  ): Promise<Solution> {
    const rule = this.#rules[layer]!;
    const rate = rule.learningRate * rateFactor;
    const step = this.#step;
    const prepared = await this.#prepare(step, rule, problem, state);
    step.alignments.set(layer, prepared.alignment);
    if (step.alignments.size === this.#rules.length) {
      this.#step = new StepInHand();
      const total = this.#rules.reduce((sum, _, each) => sum + step.alignments.get(each)!, 0);
      step.scale.resolve(this.#method.scale(total, rate));
    }
    const scale = await step.scale.promise;
    return finishStep(this.#engine, this.#method, prepared, state, { scale, rate });
  }

  async #prepare(
    step: StepInHand,
    rule: LayerRule,
    problem: SecondOrderProblem,
    state: LayerTensors,
  ): Promise<PreparedStep> {
    try {
      return await prepareStep(this.#engine, rule, this.#method, problem, state);
    } catch (error) {
      // The other layers would wait for this one.
      step.scale.reject(error as Error);
      throw error;
    }
  }
}
