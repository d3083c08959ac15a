import type { LayerRule } from '../../core/layer.js';
import type { LayerState } from '../../core/state.js';
import type { Engine } from '../../engine/engine.js';
import {
  downloadLayer,
  layerTensors,
  uploadLayer,
  type LayerTensors,
  type ParameterTensors,
} from '../../engine/layer-tensors.js';
import { solveLayer } from '../../engine/solve.js';
import type { LayerPool, LayerReport, PlacedProblem } from './layer-pool.js';

export interface LocalPoolOptions {
  /** Report objectives, which the guard needs; costs a product a solve. */
  readonly objective: boolean;
}

/** Solves every layer on the coordinator's own engine. */
export class LocalPool implements LayerPool {
  readonly #engine: Engine;
  readonly #rules: readonly LayerRule[];
  readonly #options: LocalPoolOptions;
  readonly #committed: LayerTensors[];
  readonly #solved = new Map<number, LayerTensors>();

  private constructor(
    engine: Engine,
    rules: readonly LayerRule[],
    states: LayerTensors[],
    options: LocalPoolOptions,
  ) {
    this.#engine = engine;
    this.#rules = rules;
    this.#committed = states;
    this.#options = options;
  }

  static async create(
    engine: Engine,
    rules: readonly LayerRule[],
    states: readonly LayerState[],
    options: LocalPoolOptions,
  ): Promise<LocalPool> {
    const uploaded: LayerTensors[] = [];
    for (const state of states) uploaded.push(await uploadLayer(engine, state));
    return new LocalPool(engine, rules, uploaded, options);
  }

  parameters(layer: number): ParameterTensors {
    return this.#committed[layer]!;
  }

  async solve({ layer, rateFactor, ...problem }: PlacedProblem): Promise<LayerReport> {
    const { state, ...report } = await solveLayer(
      this.#engine,
      this.#rules[layer]!,
      problem,
      this.#committed[layer]!,
      { rateFactor, objective: this.#options.objective },
    );
    this.reject(layer);
    this.#solved.set(layer, state);
    return report;
  }

  reject(layer: number): void {
    const solved = this.#solved.get(layer);
    if (solved) this.#engine.release(layerTensors(solved));
    this.#solved.delete(layer);
  }

  commit(): void {
    for (const [layer, state] of this.#solved) {
      this.#engine.release(layerTensors(this.#committed[layer]!));
      this.#committed[layer] = state;
    }
    this.#solved.clear();
  }

  async states(): Promise<LayerState[]> {
    const states: LayerState[] = [];
    for (const layer of this.#committed) states.push(await downloadLayer(this.#engine, layer));
    return states;
  }

  close(): Promise<void> {
    for (let layer = 0; layer < this.#rules.length; layer++) this.reject(layer);
    for (const layer of this.#committed) this.#engine.release(layerTensors(layer));
    return Promise.resolve();
  }
}
