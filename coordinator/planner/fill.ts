import type { Part, PlaceOffer, Range } from './plan.js';
import type { Model } from './predict.js';
import { seatsOf, type Seat } from './seat.js';

/** Where a layer may be cut. */
export interface Cut {
  /** Fewest columns of a part: of 64 or fewer, ONNX Runtime takes another kernel, and bits change. */
  readonly smallest: number;
  /** Parts have a multiple of so many columns, but for a layer's last. */
  readonly multiple: number;
}

export const preferredCut: Cut = { smallest: 80, multiple: 16 };
/** Where memory is scarce. */
export const finestCut: Cut = { smallest: 65, multiple: 1 };

export interface Filled {
  readonly parts: readonly Part[];
  /** Estimate of when the step ends. */
  readonly end: number;
}

/** The columns of this layer found no place. */
export interface Stuck {
  readonly stuck: number;
  /** Most bytes that a place had left. */
  readonly offered: number;
}

export const isStuck = (result: Filled | Stuck): result is Stuck => 'stuck' in result;

/** Rounding must not take a column from a place that has room for it. */
const SLACK = 1e-9;

/** First whoever continues its columns at the range's start, last whoever has those after its end. */
function candidates(seats: readonly Seat[], { layer, start, end }: Range): readonly Seat[] {
  if (!seats.some((seat) => seat.owned(layer))) return seats;
  const [before, free, after]: [Seat[], Seat[], Seat[]] = [[], [], []];
  for (const seat of seats) {
    const own = seat.owned(layer);
    if (!own) free.push(seat);
    else if (own.end === start) before.push(seat);
    else if (own.start === end) after.push(seat);
  }
  return before.length + after.length === 0 ? free : [...before, ...free, ...after];
}

/** Gives a range to seats; the columns that find none are left. */
function place(model: Model, seats: readonly Seat[], range: Range, deadline: number, cut: Cut): Range {
  const { layer, end } = range;
  const { separable } = model.workload.layers[layer]!;
  let start = range.start;
  for (const seat of candidates(seats, range)) {
    const own = seat.owned(layer);
    const room = Math.floor(seat.room(layer, deadline) + SLACK);
    const left = end - start;
    if (room >= left) {
      seat.take({ layer, start, end });
      return { layer, start: end, end };
    }
    if (!separable || own?.start === end) continue;
    // What is left must still make a part.
    const most = Math.min(room, left - cut.smallest);
    const columns = Math.floor(most / cut.multiple) * cut.multiple;
    if (columns < (own ? cut.multiple : cut.smallest)) continue;
    seat.take({ layer, start, end: start + columns });
    start += columns;
  }
  return { layer, start, end };
}

/** Gives all ranges, in their order, to the first seats that return them by the deadline. */
export function fill(
  model: Model,
  seats: readonly Seat[],
  ranges: readonly Range[],
  deadline: number,
  cut: Cut,
): Filled | Stuck {
  for (const range of ranges) {
    const left = place(model, seats, range, deadline, cut);
    if (left.start < left.end) {
      return { stuck: range.layer, offered: Math.max(0, ...seats.map(({ memoryLeft }) => memoryLeft)) };
    }
  }
  return { parts: seats.flatMap((seat) => seat.parts), end: Math.max(...seats.map(({ end }) => end)) };
}

/** How near the bisection comes to the least deadline. */
const PRECISION = 4e-3;
const FIRST_STRIDE = 0.03;

/**
 * The result of the least deadline that `attempt` can meet, as far as bisection finds it.
 *
 * @param latest a deadline beyond which no result is wanted
 */
export function leastDeadline<Result extends { readonly end: number }>(
  attempt: (deadline: number) => Result | Stuck,
  latest = Infinity,
): Result | Stuck {
  const first = attempt(latest);
  if ('stuck' in first) return first;
  let best = first;
  let [low, high] = [0, first.end];
  let stride = FIRST_STRIDE;
  while (high - low > PRECISION * high) {
    // Down in growing strides until one is too far: the first result is often near the last.
    const middle = low > 0 ? (low + high) / 2 : high * (1 - stride);
    stride = Math.min(2 * stride, 0.5);
    const result = attempt(middle);
    if ('stuck' in result) low = middle;
    else [best, high] = [result, Math.min(middle, result.end)];
  }
  return best;
}

/** Gives ranges to places beside the parts that they keep, so that the step ends early. */
export const fillEvenly = (
  model: Model,
  places: readonly PlaceOffer[],
  kept: readonly Part[],
  ranges: readonly Range[],
  cut: Cut,
  latest = Infinity,
): Filled | Stuck =>
  leastDeadline((deadline) => fill(model, seatsOf(model, places, kept), ranges, deadline, cut), latest);
