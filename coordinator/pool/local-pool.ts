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
import { deferred, type Deferred } from './deferred.js';
import type { LayerPool, LayerReport, PlacedProblem } from './layer-pool.js';

export interface LocalPoolOptions {
  /** Report objectives, which the guard needs; costs a product a solve. */
  readonly objective: boolean;
}

/** Solves every layer on the coordinator's own engine, one after the other. */
export class LocalPool implements LayerPool {
  readonly concurrent = false;
  readonly #engine: Engine;
  readonly #rules: readonly LayerRule[];
  readonly #options: LocalPoolOptions;
  readonly #settled: LayerTensors[];
  readonly #solved = new Map<number, LayerTensors>();
  /** By layer: what the next forward pass waits for while the layer is being solved. */
  readonly #pending = new Map<number, Deferred<ParameterTensors>>();
  /** States that a step in hand has replaced. */
  #replaced: LayerTensors[] = [];

  private constructor(
    engine: Engine,
    rules: readonly LayerRule[],
    states: LayerTensors[],
    options: LocalPoolOptions,
  ) {
    this.#engine = engine;
    this.#rules = rules;
    this.#settled = states;
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

  parameters(layer: number): Promise<ParameterTensors> {
    return this.#pending.get(layer)?.promise ?? Promise.resolve(this.#settled[layer]!);
  }

  async solve({
    layer,
    rateFactor,
    inputs,
    displacement,
    preactivation,
  }: PlacedProblem): Promise<LayerReport> {
    if (!this.#pending.has(layer)) this.#pending.set(layer, deferred());
    const { state, ...report } = await solveLayer(
      this.#engine,
      this.#rules[layer]!,
      { inputs, displacement, preactivation },
      this.#settled[layer]!,
      { rateFactor, objective: this.#options.objective },
    );
    this.#drop(layer);
    this.#solved.set(layer, state);
    return report;
  }

  swept(): void {
    // The engine takes solves and sweep in turn anyway.
  }

  settle(layer: number, accepted: boolean): Promise<void> {
    const solved = this.#solved.get(layer);
    if (accepted && solved) {
      this.#replaced.push(this.#settled[layer]!);
      this.#settled[layer] = solved;
      this.#solved.delete(layer);
    } else {
      this.#drop(layer);
    }
    this.#pending.get(layer)?.resolve(this.#settled[layer]!);
    this.#pending.delete(layer);
    return Promise.resolve();
  }

  commit(): Promise<void> {
    for (const state of this.#replaced) this.#engine.release(layerTensors(state));
    this.#replaced = [];
    return Promise.resolve();
  }

  workerMetrics(): undefined {
    return undefined;
  }

  async states(): Promise<LayerState[]> {
    const states: LayerState[] = [];
    for (const layer of this.#settled) states.push(await downloadLayer(this.#engine, layer));
    return states;
  }

  async close(): Promise<void> {
    for (let layer = 0; layer < this.#rules.length; layer++) this.#drop(layer);
    await this.commit();
    for (const layer of this.#settled) this.#engine.release(layerTensors(layer));
  }

  /** Forgets a solution. */
  #drop(layer: number): void {
    const solved = this.#solved.get(layer);
    if (solved) this.#engine.release(layerTensors(solved));
    this.#solved.delete(layer);
  }
}
