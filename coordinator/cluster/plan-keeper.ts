import { at } from '../../core/affine.js';
import type { LayerRule } from '../../core/layer.js';
import { slotNames } from '../../core/local-problem.js';
import { historyOf } from '../../core/part-memory.js';
import { separableColumns } from '../../core/separable.js';
import { solveProgram } from '../../engine/solve.js';
import type { LayerLoad, Plan, Workload } from '../planner/plan.js';
import { layerCosts, stepsBetweenSlots, type LayerCost } from '../planner/cost.js';
import { replan } from '../planner/replan.js';
import { LearntSpeeds } from './learnt-speeds.js';
import type { PartHome } from './part-home.js';
import type { Columns, Place, WireFormat } from './place.js';
import type { Places } from './places.js';

/** Bytes a second that the coordinator moves over all its links together; see docs/results/cluster.md. */
const COORDINATOR_BANDWIDTH = 400e6;
/**
 * The speeds of places are looked at so many steps after a plan, then after twice as many each time: a wrong
 * measurement is soon put right, and a machine that changes all the time is not followed all the time.
 */
const FIRST_LOOK = 2;
const LAST_LOOK = 64;

export interface PlanKeeperOptions {
  readonly rules: readonly LayerRule[];
  /** Examples of a batch. */
  readonly batch: number;
  readonly wire: WireFormat;
  readonly objective: boolean;
  readonly places: Places;
  /** Of the coordinator's engine, in 10⁹ operations a second. */
  readonly gflops: number;
}

type PlacedPart = Pick<PartHome, 'columns' | 'place'>;

/** Knows the work of a step, and plans it for the places that there are. */
export class PlanKeeper {
  readonly #options: PlanKeeperOptions;
  readonly #workload: Workload;
  readonly #costs: readonly LayerCost[];
  /** Steps after which slots come home. */
  readonly stepsBetweenSlots: number;
  readonly #speeds = new LearntSpeeds();
  #plan: Plan | null = null;
  #changes = -1;
  /** Whether places are not as fast as the plan has it. */
  #misjudged = false;
  /** Steps between two looks at their speeds, and those left until the next. */
  #interval = FIRST_LOOK;
  #untilLook = FIRST_LOOK;

  constructor(options: PlanKeeperOptions) {
    this.#options = options;
    const { rules, batch, wire, gflops } = options;
    this.#workload = {
      layers: rules.map((rule) => loadOf(rule, options.objective)),
      batch,
      wireBytes: wire === 'bf16' ? 2 : 4,
      coordinator: { gflops, bandwidth: COORDINATOR_BANDWIDTH },
    };
    this.#costs = layerCosts(this.#workload);
    this.stepsBetweenSlots = stepsBetweenSlots(this.#workload);
  }

  get predictedSeconds(): number {
    return this.#plan?.predictedSeconds ?? 0;
  }

  /** Whether places have come or gone since the plan was made, or are not as fast as it has them. */
  get outdated(): boolean {
    return this.#misjudged || this.membersChanged;
  }

  get membersChanged(): boolean {
    return this.#changes !== this.#options.places.changes;
  }

  /** To be told of each part that was solved, and how long its place was busy with it. */
  solved({ columns: { layer, start, end }, place }: PlacedPart, seconds: number): void {
    const { remote, local } = this.#costs[layer]!;
    this.#speeds.observe(place, at(place.offer.local ? local : remote, end - start), seconds);
  }

  /** To be told of each step. */
  committed(): void {
    this.#speeds.committed();
    this.#untilLook -= 1;
    // The first step of a plan makes sessions for new shapes.
    if (this.#untilLook === this.#interval) this.#speeds.forget();
    if (this.#untilLook > 0) return;
    this.#interval = Math.min(2 * this.#interval, LAST_LOOK);
    this.#untilLook = this.#interval;
    this.#misjudged = this.#speeds.learn();
  }

  /** A plan for these places, near to where the parts are now. */
  make(places: readonly Place[], current: readonly PlacedPart[]): Plan {
    if (this.membersChanged) this.#interval = FIRST_LOOK;
    this.#untilLook = this.#interval + 1;
    this.#changes = this.#options.places.changes;
    this.#misjudged = false;
    const previous = this.#plan && {
      ...this.#plan,
      parts: current.map(({ columns, place }) => ({ ...columns, place: place.offer.id })),
    };
    const offers = places.map((place) => ({ ...place.offer, gflops: this.#speeds.of(place) }));
    const plan = replan(this.#workload, offers, previous);
    this.#plan = plan;
    return plan;
  }

  /** The place that would be done first with one more part; null where none has the memory. */
  leastBusy(
    { layer, start, end }: Columns,
    places: readonly Place[],
    parts: readonly PlacedPart[],
  ): Place | null {
    let best: Place | null = null;
    let bestSeconds = Infinity;
    for (const place of places) {
      const own = [
        ...parts.filter((part) => part.place === place).map(({ columns }) => columns),
        { layer, start, end },
      ];
      const total = (what: 'memory' | 'remote'): number =>
        own.reduce((sum, part) => sum + at(this.#costs[part.layer]![what], part.end - part.start), 0);
      if (total('memory') > place.offer.memoryBytes) continue;
      const seconds = total('remote') / this.#speeds.of(place);
      if (seconds < bestSeconds) [best, bestSeconds] = [place, seconds];
    }
    return best;
  }
}

const loadOf = (rule: LayerRule, objective: boolean): LayerLoad => {
  const { inputs, units, iterations, form, solver } = rule;
  const { routine } = solveProgram(rule, { preactivationKnown: false, objective });
  const separable = separableColumns(routine);
  const slots = slotNames(rule).length;
  const history = historyOf(routine, slots);
  return { inputs, units, separable, iterations, form, solver, history, slots, objective };
};
