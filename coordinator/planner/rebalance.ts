import { fill, leastDeadline, type Cut, type Filled, type Stuck } from './fill.js';
import type { Part, Place } from './plan.js';
import type { Model } from './predict.js';
import { seatsOf, type Range, type Seat } from './seat.js';

/** Columns from the end of a part that make a step shorter by `seconds`; all where a part would be too small. */
function tailOf(model: Model, { place }: Seat, part: Part, seconds: number, cut: Cut): Range {
  const { layer, start, end } = part;
  const perColumn = model.costs[layer]!.remote.perColumn / (place.gflops * 1e9);
  const wanted = Math.ceil(seconds / perColumn / cut.multiple) * cut.multiple;
  const columns = Math.max(wanted, Math.ceil(cut.smallest / cut.multiple) * cut.multiple);
  const splits = model.workload.layers[layer]!.separable && end - start - columns >= cut.smallest;
  return { layer, start: splits ? end - columns : start, end };
}

/** What the parts of a place give up so that the step ends by the deadline, and what they keep. */
function trim(
  model: Model,
  place: Place,
  seat: (kept: readonly Part[]) => Seat,
  own: readonly Part[],
  deadline: number,
  cut: Cut,
): { readonly kept: readonly Part[]; readonly freed: readonly Range[] } {
  let kept = own;
  const freed: Range[] = [];
  for (;;) {
    const now = seat(kept);
    if (kept.length === 0 || now.end <= deadline) return { kept, freed };
    const seconds = (part: Part): number =>
      ((part.end - part.start) * model.costs[part.layer]!.remote.perColumn) / (place.gflops * 1e9);
    const largest = kept.reduce((x, y) => (seconds(y) > seconds(x) ? y : x));
    const range = tailOf(model, now, largest, now.end - deadline, cut);
    freed.push(range);
    const rest = { ...largest, end: range.start };
    kept = kept.flatMap((part) => (part === largest ? (rest.start < rest.end ? [rest] : []) : [part]));
  }
}

const byRelease = (x: Range, y: Range): number => y.layer - x.layer || x.start - y.start;

/** Ranges that touch as one, in the order of release. */
function joined(ranges: readonly Range[]): Range[] {
  const result: Range[] = [];
  for (const range of [...ranges].sort(byRelease)) {
    const last = result.at(-1);
    if (last?.layer === range.layer && last.end === range.start) {
      result[result.length - 1] = { ...last, end: range.end };
    } else result.push(range);
  }
  return result;
}

/**
 * Lets places that are busy longest give up columns, from the end of their largest parts, to those that have
 * time: every other column stays where it is.
 */
export function rebalance(
  model: Model,
  places: readonly Place[],
  kept: readonly Part[],
  lost: readonly Range[],
  cut: Cut,
): Filled | Stuck {
  const attempt = (deadline: number): Filled | Stuck => {
    const trimmed = places.map((place) => {
      const own = kept.filter((part) => part.place === place.id);
      const seat = (parts: readonly Part[]): Seat =>
        seatsOf(model, places, parts).find((found) => found.place === place)!;
      return trim(model, place, seat, own, deadline, cut);
    });
    const staying = trimmed.flatMap((result) => result.kept);
    const ranges = joined([...lost, ...trimmed.flatMap(({ freed }) => freed)]);
    return fill(model, seatsOf(model, places, staying), ranges, deadline, cut);
  };
  return leastDeadline(attempt);
}
