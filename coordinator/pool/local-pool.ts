import type { LayerRule } from '../../core/layer.js';
import type { LayerState } from '../../core/state.js';
import type { Engine, Tensor } from '../../engine/engine.js';
import {
  downloadLayer,
  layerTensors,
  uploadLayer,
  type LayerTensors,
  type ParameterTensors,
} from '../../engine/layer-tensors.js';
import { deferred, type Deferred } from './deferred.js';
import type { LayerPool, LayerReport, PlacedProblem } from './layer-pool.js';
import { layerSolver, type LayerSolver } from './layer-solver.js';

export interface LocalPoolOptions {
  /** Report objectives, which the guard needs; costs a product a solve. */
  readonly objective: boolean;
}

/** Solves every layer on the coordinator's own engine, one after the other. */
export class LocalPool implements LayerPool {
  readonly concurrent = false;
  readonly #engine: Engine;
  readonly #solver: LayerSolver;
  readonly #settled: LayerTensors[];
  readonly #solved = new Map<number, LayerTensors>();
  /** By layer: what the next forward pass waits for while the layer is being solved. */
  readonly #pending = new Map<number, Deferred<ParameterTensors>>();
  /** What a step in hand has replaced. */
  #replaced: Tensor[] = [];

  private constructor(engine: Engine, solver: LayerSolver, states: LayerTensors[]) {
    this.#engine = engine;
    this.#solver = solver;
    this.#settled = states;
  }

  static async create(
    engine: Engine,
    rules: readonly LayerRule[],
    states: readonly LayerState[],
    { objective }: LocalPoolOptions,
  ): Promise<LocalPool> {
    const uploaded: LayerTensors[] = [];
    for (const state of states) uploaded.push(await uploadLayer(engine, state));
    return new LocalPool(engine, layerSolver(engine, rules, objective), uploaded);
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
    sampledGradient,
  }: PlacedProblem): Promise<LayerReport> {
    if (!this.#pending.has(layer)) this.#pending.set(layer, deferred());
    const problem = { inputs, displacement, preactivation, ...(sampledGradient && { sampledGradient }) };
    const { state, ...report } = await this.#solver(layer, problem, this.#settled[layer]!, rateFactor);
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
      this.#replaced.push(...besides(this.#settled[layer]!, solved));
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
    this.#engine.release(this.#replaced);
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
    for (let layer = 0; layer < this.#settled.length; layer++) this.#drop(layer);
    await this.commit();
    for (const layer of this.#settled) this.#engine.release(layerTensors(layer));
  }

  /** Forgets a solution. */
  #drop(layer: number): void {
    const solved = this.#solved.get(layer);
    if (solved) this.#engine.release(besides(solved, this.#settled[layer]!));
    this.#solved.delete(layer);
  }
}

/** Tensors of a state that are not part of another one. */
function besides(state: LayerTensors, other: LayerTensors): Tensor[] {
  const kept = new Set(layerTensors(other));
  return layerTensors(state).filter((tensor) => !kept.has(tensor));
}
