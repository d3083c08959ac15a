import { fillEvenly, finestCut, isStuck, preferredCut, type Filled, type Stuck } from './fill.js';
import { bySpeed, fasterOf, findPlan, planOf, planWith } from './plan-step.js';
import type { Part, PlaceOffer, Plan, Range, Workload } from './plan.js';
import { modelOf } from './predict.js';
import { rebalance } from './rebalance.js';

export interface ReplanOptions {
  /** By what share a step must become shorter for columns to move that need not. */
  readonly improvement: number;
}

const DEFAULTS: ReplanOptions = { improvement: 0.1 };

/** The columns that no part has, in the order of release. */
function missing({ layers }: Workload, parts: readonly Part[]): Range[] {
  return layers
    .flatMap(({ units }, layer): Range[] => {
      const own = parts.filter((part) => part.layer === layer).sort((x, y) => x.start - y.start);
      const starts = [0, ...own.map(({ end }) => end)];
      const ends = [...own.map(({ start }) => start), units];
      return starts.map((start, index) => ({ layer, start, end: ends[index]! }));
    })
    .filter(({ start, end }) => start < end)
    .reverse();
}

/**
 * A plan for the members that there are now. It leaves the columns of a surviving place there and gives the
 * others to those that finish first. Columns that need not move do so only where that makes the step shorter
 * by a good share: from places that are busy longest, or, by as much again, into an altogether new layout.
 *
 * @throws LocopropError CLUSTER_PART_TOO_LARGE where the memory offered does not do
 */
export function replan(
  workload: Workload,
  places: readonly PlaceOffer[],
  previous: Plan | null,
  { improvement }: ReplanOptions = DEFAULTS,
): Plan {
  const model = modelOf(workload);
  if (!previous) return planWith(model, places);
  const present = new Set(places.map(({ id }) => id));
  const kept = previous.parts.filter(({ place }) => present.has(place));
  const lost = missing(workload, kept);
  const sorted = bySpeed(model, places);

  const planned = (result: Filled | Stuck): Plan | null =>
    isStuck(result) ? null : planOf(model, places, result.parts);
  const repairedBy = (cut: typeof preferredCut): Plan | null => {
    const all = planned(fillEvenly(model, sorted, kept, lost, cut));
    // Those that had no part may slow it down.
    const owners = sorted.filter(({ id }) => kept.some(({ place }) => place === id));
    const old = owners.length === 0 ? null : planned(fillEvenly(model, owners, kept, lost, cut));
    return fasterOf(old, all);
  };
  const better = (plan: Plan, than: Plan): Plan =>
    plan.predictedSeconds < (1 - improvement) * than.predictedSeconds ? plan : than;

  const repaired =
    lost.length === 0 ? planOf(model, places, kept) : (repairedBy(preferredCut) ?? repairedBy(finestCut));
  const balanced = planned(rebalance(model, sorted, kept, lost, preferredCut));
  const shifted = balanced && repaired ? better(balanced, repaired) : (repaired ?? balanced);
  if (!shifted) return planWith(model, places);
  // Where memory is scarce, what stays in place may fit though the search finds nothing that does.
  const fresh = findPlan(model, places);
  return 'stuck' in fresh ? shifted : better(fresh, shifted);
}
