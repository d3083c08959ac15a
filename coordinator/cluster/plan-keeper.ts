import type { LayerRule } from '../../core/layer.js';
import { slotNames } from '../../core/local-problem.js';
import { separableColumns } from '../../core/separable.js';
import { solveProgram } from '../../engine/solve.js';
import type { LayerLoad, Plan, Workload } from '../planner/plan.js';
import { at, layerCost } from '../planner/cost.js';
import { replan } from '../planner/replan.js';
import type { PartHome } from './part-home.js';
import type { Columns, Place, WireFormat } from './place.js';
import type { Places } from './places.js';

/** Slots that come home add at most this share to the bytes of a step. */
const SLOTS_SHARE = 0.25;
/** Bytes a second that the coordinator moves over all its links together; see docs/results/cluster.md. */
const COORDINATOR_BANDWIDTH = 400e6;

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
  /** Steps after which slots come home. */
  readonly stepsBetweenSlots: number;
  #plan: Plan | null = null;
  #changes = -1;

  constructor(options: PlanKeeperOptions) {
    this.#options = options;
    const { rules, batch, wire, gflops } = options;
    this.#workload = {
      layers: rules.map((rule) => loadOf(rule, options.objective)),
      batch,
      wireBytes: wire === 'bf16' ? 2 : 4,
      coordinator: { gflops, bandwidth: COORDINATOR_BANDWIDTH },
    };
    this.stepsBetweenSlots = stepsBetweenSlots(this.#workload);
  }

  get predictedSeconds(): number {
    return this.#plan?.predictedSeconds ?? 0;
  }

  /** Whether places have come or gone since the plan was made. */
  get outdated(): boolean {
    return this.#changes !== this.#options.places.changes;
  }

  /** A plan for these places, near to where the parts are now. */
  make(places: readonly Place[], current: readonly PlacedPart[]): Plan {
    this.#changes = this.#options.places.changes;
    const previous = this.#plan && {
      ...this.#plan,
      parts: current.map(({ columns, place }) => ({ ...columns, place: place.offer.id })),
    };
    const offers = places.map(({ offer }) => offer);
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
        own.reduce((sum, part) => {
          const cost = layerCost(this.#workload.layers[part.layer]!, this.#workload);
          return sum + at(cost[what], part.end - part.start);
        }, 0);
      if (total('memory') > place.offer.memoryBytes) continue;
      const seconds = total('remote') / place.offer.gflops;
      if (seconds < bestSeconds) [best, bestSeconds] = [place, seconds];
    }
    return best;
  }
}

const loadOf = (rule: LayerRule, objective: boolean): LayerLoad => {
  const { inputs, units, iterations, form, solver } = rule;
  const { routine } = solveProgram(rule, { preactivationKnown: false, objective });
  const separable = separableColumns(routine);
  return { inputs, units, separable, iterations, form, solver, slots: slotNames(rule).length, objective };
};

function stepsBetweenSlots({ layers, batch, wireBytes }: Workload): number {
  let step = 0;
  let slots = 0;
  for (const { inputs, units, slots: count } of layers) {
    step += wireBytes * (batch * (inputs + units) + inputs * units);
    slots += 4 * count * inputs * units;
  }
  return Math.max(1, Math.ceil(slots / (SLOTS_SHARE * step)));
}
