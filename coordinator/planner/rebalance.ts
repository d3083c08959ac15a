import { fill, leastDeadline, type Cut, type Filled, type Stuck } from './fill.js';
import type { Part, PlaceOffer, Range } from './plan.js';
import { byRelease, type Model } from './predict.js';
import { linkShare, seatOf, seatsOf, type Seat } from './seat.js';

/** A part of a layer to be avoided is only cut where the others are smaller by this factor. */
const AVOIDANCE = 10;

/**
 * Columns at one side of a part that make a step shorter by `seconds`; all where a part would be too small.
 * They are those at the start where only there a part of another place follows, so that what two neighbours
 * give up makes one part.
 */
function given(model: Model, { place }: Seat, part: Part, seconds: number, all: Layout): Range {
  const { layer, start, end } = part;
  const { cut } = all;
  const perColumn = model.costs[layer]!.remote.perColumn / (place.gflops * 1e9);
  const columns = Math.max(Math.ceil(seconds / perColumn), cut.smallest);
  const before = Math.floor((end - columns) / cut.multiple) * cut.multiple;
  const after = Math.ceil((start + columns) / cut.multiple) * cut.multiple;
  const splits = model.workload.layers[layer]!.separable;
  const beside = all.parts.filter((other) => other.layer === layer);
  const atStart = beside.some((other) => other.end === start) && !beside.some((other) => other.start === end);
  if (splits && atStart && end - after >= cut.smallest) return { layer, start, end: after };
  if (splits && !atStart && before - start >= cut.smallest) return { layer, start: before, end };
  return { layer, start, end };
}

/** All parts before the change, and where layers may be cut. */
interface Layout {
  readonly parts: readonly Part[];
  readonly cut: Cut;
}

interface Trimmed {
  readonly kept: readonly Part[];
  readonly freed: readonly Range[];
}

/**
 * What the parts of a place give up so that the step ends by the deadline, and what they keep.
 *
 * @param avoided layers of which others give up columns: who takes those can take no others of the layer
 */
function trim(
  model: Model,
  place: PlaceOffer,
  share: number,
  all: Layout,
  deadline: number,
  avoided: ReadonlySet<number>,
): Trimmed {
  const operations = ({ layer, start, end }: Part): number => {
    const all = (end - start) * model.costs[layer]!.remote.perColumn;
    return avoided.has(layer) ? all / AVOIDANCE : all;
  };
  let kept: readonly Part[] = all.parts.filter((part) => part.place === place.id);
  const freed: Range[] = [];
  for (;;) {
    const seat = seatOf(model, place, share, kept);
    if (kept.length === 0 || seat.end <= deadline) return { kept, freed };
    const largest = kept.reduce((x, y) => (operations(y) > operations(x) ? y : x));
    const range = given(model, seat, largest, seat.end - deadline, all);
    freed.push(range);
    const rest =
      range.start === largest.start ? { ...largest, start: range.end } : { ...largest, end: range.start };
    kept = kept.flatMap((part) => (part === largest ? (rest.start < rest.end ? [rest] : []) : [part]));
  }
}

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
 * Lets places that are busy longest give up columns, from a side of their largest parts, to those that have
 * time: every other column stays where it is.
 */
export function rebalance(
  model: Model,
  places: readonly PlaceOffer[],
  kept: readonly Part[],
  lost: readonly Range[],
  cut: Cut,
): Filled | Stuck {
  const share = linkShare(model, places);
  const attempt = (deadline: number): Filled | Stuck => {
    const freed = [...lost];
    const staying: Part[] = [];
    for (const place of places) {
      const avoided = new Set(freed.map(({ layer }) => layer));
      const trimmed = trim(model, place, share, { parts: kept, cut }, deadline, avoided);
      freed.push(...trimmed.freed);
      staying.push(...trimmed.kept);
    }
    const ranges = joined(freed);
    return fill(model, seatsOf(model, places, staying), ranges, deadline, cut);
  };
  return leastDeadline(attempt);
}
