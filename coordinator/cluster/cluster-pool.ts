import type { EpochMetrics, RunEventBody } from '../../core/events.js';
import { LocopropError } from '../../core/errors/error.js';
import type { LayerRule } from '../../core/layer.js';
import type { LayerState } from '../../core/state.js';
import type { Engine } from '../../engine/engine.js';
import type { ParameterTensors } from '../../engine/layer-tensors.js';
import { deferred } from '../pool/deferred.js';
import type { LayerPool, LayerReport, PlacedProblem } from '../pool/layer-pool.js';
import { LayerHome } from './layer-home.js';
import { isLoss } from './loss.js';
import { PlanKeeper, type PlanKeeperOptions } from './plan-keeper.js';
import type { Columns, Place } from './place.js';
import { WorkerStatistics } from './worker-statistics.js';

/** How long the first plan waits for workers that are on their way. */
const GATHERING_MS = 10_000;

export interface ClusterPoolOptions extends PlanKeeperOptions {
  readonly engine: Engine;
  readonly states: readonly LayerState[];
  /** Committed steps that the states are of. */
  readonly step: number;
  /** Places that there will be in a moment. */
  readonly expected: number;
  readonly emit: (event: RunEventBody) => void;
  /** Ends all waiting. */
  readonly stop: AbortSignal;
}

/** Solves the layers on workers that may come, go and die, and on the coordinator's own engine if it is a place. */
export class ClusterPool implements LayerPool {
  readonly concurrent = true;
  readonly #options: ClusterPoolOptions;
  readonly #layers: LayerHome[] = [];
  readonly #plans: PlanKeeper;
  readonly #statistics = new WorkerStatistics();
  #step: number;
  #swept = deferred<null>();
  #slotsOnTheirWay: Promise<void> | null = null;
  /** Of what nobody waited for; met at the next commit. */
  #failure: Error | null = null;
  /** Of all parts that need a place, so that it is told once. */
  #waiting: Promise<void> | null = null;

  private constructor(options: ClusterPoolOptions) {
    this.#options = options;
    this.#step = options.step;
    this.#plans = new PlanKeeper(options);
  }

  /** Waits for the first place, and puts the layers' parts on the places that there are. */
  static async create(options: ClusterPoolOptions): Promise<ClusterPool> {
    const { engine } = options;
    if (engine.info.precision !== 'float32') {
      const reason = 'workers solve in float32, and so must the coordinator compute';
      throw new LocopropError('ENGINE_UNAVAILABLE', { engine: engine.info.name, reason });
    }
    const pool = new ClusterPool(options);
    try {
      for (const [layer, rule] of options.rules.entries()) {
        pool.#layers.push(await pool.#home(rule, options.states[layer]!));
      }
      while (options.places.open.length === 0) await pool.#wait('no worker has joined yet');
      await pool.#gather();
      await pool.#arrange();
    } catch (error) {
      await pool.close();
      throw error;
    }
    return pool;
  }

  /** Gives workers that are known to be on their way a moment, lest the first one be given everything. */
  async #gather(): Promise<void> {
    const { places, stop, expected } = this.#options;
    const enough = AbortSignal.any([stop, AbortSignal.timeout(GATHERING_MS)]);
    while (places.open.length < expected && !enough.aborted) {
      await places.nextChange(enough).catch((reason: unknown) => {
        if (!enough.aborted) throw reason;
      });
    }
    stop.throwIfAborted();
  }

  #home(rule: LayerRule, state: LayerState): Promise<LayerHome> {
    const { engine, wire, batch, objective, step } = this.#options;
    return LayerHome.create(rule, state, step, {
      engine,
      wire,
      batch,
      objective,
      choosePlace: (columns) => this.#choosePlace(columns),
      onSolved: (part, seconds) => this.#plans.solved(part, seconds),
      onRecovered: ({ columns, from, to, repeated, seconds }) => {
        const part = { ...columns, layer: columns.layer + 1, worker: to };
        this.#options.emit({ type: 'part.recovered', step: this.#step + 1, part, from, repeated, seconds });
      },
    });
  }

  parameters(layer: number): Promise<ParameterTensors> {
    return this.#layers[layer]!.parameters();
  }

  solve(problem: PlacedProblem): Promise<LayerReport> {
    return this.#layers[problem.layer]!.solve(problem, this.#swept.promise);
  }

  swept(): void {
    this.#swept.resolve(null);
  }

  settle(layer: number, accepted: boolean): Promise<void> {
    return this.#layers[layer]!.settle(accepted);
  }

  async commit(): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    this.#step += 1;
    this.#swept = deferred();
    for (const layer of this.#layers) layer.commit();
    this.#plans.committed();
    if (this.#plans.outdated && this.#options.places.open.length > 0) await this.#arrangeAgain();
    else this.#bringSlotsHome();
  }

  workerMetrics(stepSeconds: readonly number[]): EpochMetrics['cluster'] {
    return this.#statistics.take(this.#options.places.all, this.#plans.predictedSeconds, stepSeconds);
  }

  async states(): Promise<LayerState[]> {
    const states: LayerState[] = [];
    for (const layer of this.#layers) states.push(await layer.state());
    return states;
  }

  async close(): Promise<void> {
    await this.#slotsOnTheirWay;
    for (const layer of this.#layers) layer.close();
  }

  /** Has slots come home behind the weights, every so many steps. */
  #bringSlotsHome(): void {
    const due = this.#layers.filter(
      ({ recoveryStep }) => this.#step - recoveryStep >= this.#plans.stepsBetweenSlots,
    );
    if (this.#slotsOnTheirWay || due.length === 0) return;
    const coming = Promise.all(due.map((layer) => layer.bringSlotsHome(false)));
    this.#slotsOnTheirWay = coming
      .catch((error: unknown) => {
        // Where a place was lost, what is at hand still does, and the next attempt is a step away.
        if (!isLoss(error)) this.#failure ??= error instanceof Error ? error : new Error(String(error));
      })
      .then(() => {
        this.#slotsOnTheirWay = null;
      });
  }

  /** Plans anew in the middle of a run, which waits where those that are left have too little memory. */
  async #arrangeAgain(): Promise<void> {
    for (;;) {
      try {
        await this.#arrange();
        return;
      } catch (error) {
        if (!(error instanceof LocopropError) || error.code !== 'CLUSTER_PART_TOO_LARGE') throw error;
        await this.#wait(error.message);
      }
    }
  }

  /** Plans anew for the places there are, and moves the parts that are to move. */
  async #arrange(): Promise<void> {
    const { places, emit } = this.#options;
    const { membersChanged } = this.#plans;
    const byName = new Map(places.open.map((place) => [place.offer.id, place]));
    const current = this.#layers.flatMap(({ parts }) => parts);
    const plan = this.#plans.make(
      [...byName.values()],
      current.filter(({ place }) => byName.has(place.offer.id)),
    );
    const stays = new Set(current.map(({ columns, place }) => nameOf(columns, place.offer.id)));
    for (const [layer, home] of this.#layers.entries()) {
      const own = plan.parts.filter((part) => part.layer === layer);
      await home.arrange(own.map(({ place, ...columns }) => ({ columns, place: byName.get(place)! })));
    }
    const busy = new Set(this.#layers.flatMap(({ parts }) => parts.map(({ place }) => place)));
    for (const place of places.all) if (place.leaving && !busy.has(place)) place.dismiss();
    const moved = plan.parts.filter(({ place, ...columns }) => !stays.has(nameOf(columns, place))).length;
    if (moved === 0 && !membersChanged) return;
    emit({
      type: 'plan.made',
      step: this.#step,
      parts: plan.parts.map(({ place, ...columns }) => ({
        ...columns,
        layer: columns.layer + 1,
        worker: place,
      })),
      predictedSeconds: plan.predictedSeconds,
      leftOut: plan.leftOut,
      moved,
    });
  }

  /** The place that has least to do; waits for one where there is none. */
  async #choosePlace(columns: Columns): Promise<Place> {
    for (;;) {
      const place = this.#plans.leastBusy(
        columns,
        this.#options.places.open,
        this.#layers.flatMap(({ parts }) => parts),
      );
      if (place) return place;
      const there = this.#options.places.open.length;
      await this.#wait(
        there === 0
          ? 'all workers are gone'
          : `no worker has memory for a part of layer ${columns.layer + 1}`,
      );
    }
  }

  #wait(reason: string): Promise<void> {
    const { places, emit, stop } = this.#options;
    if (this.#waiting) return this.#waiting;
    // Whoever is told may send one at once.
    const waiting = places.nextChange(stop).finally(() => (this.#waiting = null));
    this.#waiting = waiting;
    emit({ type: 'run.waiting', step: this.#step, reason });
    return waiting;
  }
}

const nameOf = ({ layer, start, end }: Columns, place: string): string => `${layer} ${start} ${end} ${place}`;
