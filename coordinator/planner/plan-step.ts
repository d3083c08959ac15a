import { at } from '../../core/affine.js';
import { LocopropError } from '../../core/errors/error.js';
import { partBytes } from '../../core/part-memory.js';
import { fillEvenly, finestCut, isStuck, preferredCut, type Cut, type Stuck } from './fill.js';
import type { Part, PlaceOffer, Plan, Range, Workload } from './plan.js';
import { modelOf, predict, type Model } from './predict.js';

const byColumns = (x: Part, y: Part): number => x.layer - y.layer || x.start - y.start;

export function planOf(model: Model, places: readonly PlaceOffer[], given: readonly Part[]): Plan {
  const parts = [...given].sort(byColumns);
  const prediction = predict(model, places, parts);
  const used = new Set(parts.map(({ place }) => place));
  const leftOut = places.map(({ id }) => id).filter((id) => !used.has(id));
  return { parts, predictedSeconds: prediction.seconds, prediction, leftOut };
}

export const fasterOf = (x: Plan | null, y: Plan | null): Plan | null =>
  x && y ? (y.predictedSeconds < x.predictedSeconds ? y : x) : (x ?? y);

/** Fastest first, by what a place would take for everything. */
export function bySpeed({ costs, workload }: Model, places: readonly PlaceOffer[]): PlaceOffer[] {
  let [operations, bytes] = [0, 0];
  for (const [layer, { remote, down, up }] of costs.entries()) {
    const { units } = workload.layers[layer]!;
    operations += at(remote, units);
    bytes += at(down, units) + at(up, units);
  }
  const seconds = ({ gflops, bandwidth, local }: PlaceOffer): number =>
    operations / (gflops * 1e9) + (local ? 0 : bytes / bandwidth);
  const keyed = places.map((place) => ({ place, seconds: seconds(place) }));
  return keyed.sort((x, y) => x.seconds - y.seconds).map(({ place }) => place);
}

/** A layer that cannot be split and has at least this share of the operations makes layouts uneven. */
const HEAVY_SHARE = 1 / 16;

/**
 * All columns in the orders in which to give them: as the sweep makes the local problems, which keeps places
 * busy from the start, and where layers are heavy and whole, also the largest first, which packs them better.
 */
function orders({ costs, workload }: Model): Range[][] {
  const released = workload.layers.map(({ units }, layer): Range => ({ layer, start: 0, end: units }));
  released.reverse();
  const operations = ({ layer, end }: Range): number => at(costs[layer]!.remote, end);
  const total = released.reduce((sum, range) => sum + operations(range), 0);
  const heavy = released.some(
    (range) => !workload.layers[range.layer]!.separable && operations(range) > HEAVY_SHARE * total,
  );
  if (!heavy) return [released];
  return [released, [...released].sort((x, y) => operations(y) - operations(x))];
}

/** A layout whose estimated end is so much later than the best one's is not worth predicting. */
const ESTIMATE_MARGIN = 1.5;

/** The best plan that uses the fastest places, however many; or why there is none with all of them. */
function search(model: Model, places: readonly PlaceOffer[], cut: Cut): Plan | Stuck {
  const sorted = bySpeed(model, places);
  const remote = sorted.filter(({ local }) => !local);
  const ranges = orders(model);
  let best: readonly Part[] | null = null;
  let seconds = Infinity;
  let least = Infinity;
  let why: Stuck = { stuck: model.workload.layers.length - 1, offered: 0 };
  for (let count = 0; count <= remote.length; count++) {
    const chosen = new Set(remote.slice(0, count));
    for (const withLocal of [false, true]) {
      const subset = sorted.filter((place) => (place.local ? withLocal : chosen.has(place)));
      if (subset.length === 0) continue;
      for (const order of ranges) {
        const result = fillEvenly(model, subset, [], order, cut, ESTIMATE_MARGIN * least);
        if (isStuck(result)) {
          why = result;
          continue;
        }
        least = Math.min(least, result.end);
        const predicted = predict(model, subset, result.parts).seconds;
        if (predicted < seconds) [best, seconds] = [result.parts, predicted];
      }
    }
  }
  return best ? planOf(model, places, best) : why;
}

function tooLarge(
  { workload }: Model,
  places: readonly PlaceOffer[],
  { stuck, offered }: Stuck,
): LocopropError {
  const needs = workload.layers.map((layer) => {
    const splits = layer.separable && layer.units >= 2 * finestCut.smallest;
    return partBytes(layer, splits ? finestCut.smallest : layer.units, workload.batch);
  });
  // A layer that fits nowhere even alone says more than one that only the others left no room for.
  const largest = Math.max(0, ...places.map(({ memoryBytes }) => memoryBytes));
  const alone = needs.findIndex((bytes) => bytes > largest);
  return alone >= 0
    ? new LocopropError('CLUSTER_PART_TOO_LARGE', {
        layer: alone + 1,
        needed: needs[alone],
        offered: largest,
      })
    : new LocopropError('CLUSTER_PART_TOO_LARGE', { layer: stuck + 1, needed: needs[stuck], offered });
}

/** The best plan that the search finds, or why it finds none. */
export function findPlan(model: Model, places: readonly PlaceOffer[]): Plan | Stuck {
  const preferred = search(model, places, preferredCut);
  return 'stuck' in preferred ? search(model, places, finestCut) : preferred;
}

export function planWith(model: Model, places: readonly PlaceOffer[]): Plan {
  const found = findPlan(model, places);
  if ('stuck' in found) throw tooLarge(model, places, found);
  return found;
}

/**
 * Splits layers into parts and places them so that a step takes least time, as predicted. Tried are the
 * fastest places, however many, with and without the coordinator's own engine.
 *
 * @throws LocopropError CLUSTER_PART_TOO_LARGE where the memory offered does not do
 */
export const planStep = (workload: Workload, places: readonly PlaceOffer[]): Plan =>
  planWith(modelOf(workload), places);
