import { at } from '../../core/affine.js';
import { coordinatorPasses, layerCosts, type LayerCost, type Passes } from './cost.js';
import { runLanes, type Job, type Lane } from './lanes.js';
import type { Part, PlaceOffer, PlacePrediction, Prediction, Range, Workload } from './plan.js';

/** A workload in operations, bytes and seconds. */
export interface Model {
  readonly workload: Workload;
  readonly costs: readonly LayerCost[];
  readonly passes: Passes;
}

export const modelOf = (workload: Workload): Model => ({
  workload,
  costs: layerCosts(workload),
  passes: coordinatorPasses(workload),
});

/** In the order in which the sweep makes their local problems: last layer first. */
export const byRelease = (x: Range, y: Range): number => y.layer - x.layer || x.start - y.start;

/** The parts of each place, in the order in which it solves them. */
export function partsByPlace(parts: readonly Part[]): Map<string, Part[]> {
  const found = new Map<string, Part[]>();
  for (const part of [...parts].sort(byRelease)) {
    const own = found.get(part.place);
    if (own) own.push(part);
    else found.set(part.place, [part]);
  }
  return found;
}

function laneOf({ costs, passes }: Model, place: PlaceOffer, parts: readonly Part[]): Lane {
  const jobs = parts.map(({ layer, start, end }): Job => {
    const cost = costs[layer]!;
    const columns = end - start;
    return {
      layer,
      released: passes.released[layer]!,
      down: at(cost.down, columns),
      solve: at(cost.remote, columns) / (place.gflops * 1e9),
      up: at(cost.up, columns),
    };
  });
  const slots = parts.map(({ layer, start, end }) => at(costs[layer]!.slots, end - start));
  return { bandwidth: place.bandwidth, jobs, slots: slots.reduce((x, y) => x + y, 0) };
}

/** The sum over the parts of the local place. */
function localSeconds({ costs }: Model, place: PlaceOffer, parts: readonly Part[]): number {
  const seconds = parts.map(
    ({ layer, start, end }) => at(costs[layer]!.local, end - start) / (place.gflops * 1e9),
  );
  return seconds.reduce((x, y) => x + y, 0);
}

/** When the next forward pass ends, which enters a layer as soon as the engine and its weights are there. */
function forwardEnd(passes: Passes, engineFree: number, home: readonly number[]): number {
  return passes.forward.reduce((now, seconds, layer) => Math.max(now, home[layer]!) + seconds, engineFree);
}

/**
 * One steady step, from the start of the backward sweep to the end of the next forward pass:
 * - The coordinator sweeps, last layer first; a layer's parts leave when its R⁰ is there.
 * - Places receive, solve and return in the order of release, as `runLanes` has it.
 * - The coordinator's own parts are solved after the sweep and before the forward pass, for its engine does
 *   one thing at a time.
 * - Slots follow the weights, and are home before the next sweep.
 */
export function predict(model: Model, places: readonly PlaceOffer[], parts: readonly Part[]): Prediction {
  const { passes, workload } = model;
  const owned = partsByPlace(parts);
  const used = places.filter(({ id }) => owned.has(id));
  const remote = used.filter(({ local }) => !local);
  const lanes = remote.map((place) => laneOf(model, place, owned.get(place.id)!));
  const times = runLanes(lanes, workload.coordinator.bandwidth);

  const home = workload.layers.map(() => 0);
  for (const [index, { jobs }] of lanes.entries()) {
    for (const [at, { layer }] of jobs.entries()) {
      home[layer] = Math.max(home[layer]!, times[index]!.home[at]!);
    }
  }
  const ofLanes = remote.map(({ id }, index): PlacePrediction => {
    const { jobs, slots } = lanes[index]!;
    return {
      place: id,
      solve: jobs.reduce((total, { solve }) => total + solve, 0),
      bytes: jobs.reduce((total, { down, up }) => total + down + up, slots),
      home: times[index]!.home.at(-1)!,
    };
  });
  const locals = used.filter(({ local }) => local);
  const ofLocals = locals.map((place): PlacePrediction => {
    const solve = localSeconds(model, place, owned.get(place.id)!);
    return { place: place.id, solve, bytes: 0, home: passes.sweep + solve };
  });

  const engineFree = Math.max(passes.sweep, ...ofLocals.map((place) => place.home));
  const wire = Math.max(0, ...times.map(({ end }) => end));
  return {
    forward: passes.forwardTotal,
    sweep: passes.sweep,
    wire,
    solve: Math.max(engineFree, ...home),
    seconds: Math.max(wire, forwardEnd(passes, engineFree, home)),
    places: [...ofLanes, ...ofLocals],
  };
}

/** What a step takes with these parts, which are every column once. */
export const predictStep = (
  workload: Workload,
  places: readonly PlaceOffer[],
  parts: readonly Part[],
): Prediction => predict(modelOf(workload), places, parts);
