import { at } from '../../core/affine.js';
import type { Part, PlaceOffer, Range } from './plan.js';
import type { Model } from './predict.js';

/**
 * A place while parts are given to it, and how long it is busy with those it has: an estimate in closed form,
 * of one part after the other, where `predict` follows all places at once.
 */
export class Seat {
  readonly place: PlaceOffer;
  readonly #model: Model;
  /** Bytes a second that it can count on. */
  readonly #bandwidth: number;
  readonly #operations: number; // a second
  readonly #owned: Range[] = [];
  #received: number;
  #solved: number;
  #memory: number;
  /** When the step ends at the earliest, by its parts. */
  end = 0;

  constructor(model: Model, place: PlaceOffer, bandwidth: number) {
    this.place = place;
    this.#model = model;
    this.#bandwidth = bandwidth;
    this.#operations = place.gflops * 1e9;
    this.#received = 0;
    this.#solved = place.local ? model.passes.sweep : 0;
    this.#memory = place.memoryBytes;
  }

  get memoryLeft(): number {
    return this.#memory;
  }

  /** Its columns of a layer. */
  owned(layer: number): Range | undefined {
    return this.#owned.find((range) => range.layer === layer);
  }

  get parts(): Part[] {
    return this.#owned.map((range) => ({ ...range, place: this.place.id }));
  }

  /** Seconds from when a layer's weights must be home to the end of the step. */
  #tail(layer: number): number {
    const { forwardTotal, tails } = this.#model.passes;
    return this.place.local ? forwardTotal : tails[layer]!;
  }

  /** Most further columns of a layer that let the step end by `deadline` seconds after the sweep's start. */
  room(layer: number, deadline: number): number {
    const { costs, passes } = this.#model;
    const { memory, local, remote, down, up } = costs[layer]!;
    const more = this.owned(layer) !== undefined;
    const fixed = (value: number): number => (more ? 0 : value);
    const byMemory = (this.#memory - fixed(memory.fixed)) / memory.perColumn;
    const limit = deadline - this.#tail(layer);
    if (this.place.local) {
      const operations = (limit - this.#solved) * this.#operations - fixed(local.fixed);
      return Math.min(byMemory, operations / local.perColumn);
    }
    const solve = fixed(remote.fixed) / this.#operations;
    const perColumn = remote.perColumn / this.#operations + up.perColumn / this.#bandwidth;
    const bySolving = (limit - this.#solved - solve) / perColumn;
    const begin = Math.max(this.#received, passes.released[layer]!) + fixed(down.fixed) / this.#bandwidth;
    const byLink = (limit - begin - solve) / (perColumn + down.perColumn / this.#bandwidth);
    return Math.min(byMemory, bySolving, byLink);
  }

  /** Gives it columns, which lie beside those that it has of the layer. */
  take(range: Range): void {
    const { costs, passes } = this.#model;
    const { layer, start, end } = range;
    const { memory, local, remote, down, up } = costs[layer]!;
    const own = this.owned(layer);
    const columns = end - start;
    const less = (value: number): number => (own ? value : 0);
    this.#memory -= at(memory, columns) - less(memory.fixed);
    if (this.place.local) {
      this.#solved += (at(local, columns) - less(local.fixed)) / this.#operations;
      this.end = Math.max(this.end, this.#solved + this.#tail(layer));
    } else {
      const begin = Math.max(this.#received, passes.released[layer]!);
      this.#received = begin + (at(down, columns) - less(down.fixed)) / this.#bandwidth;
      const solve = (at(remote, columns) - less(remote.fixed)) / this.#operations;
      this.#solved = Math.max(this.#received, this.#solved) + solve;
      const home = this.#solved + at(up, columns) / this.#bandwidth;
      this.end = Math.max(this.end, home + this.#tail(layer));
    }
    if (!own) this.#owned.push(range);
    else {
      const joined = { layer, start: Math.min(own.start, start), end: Math.max(own.end, end) };
      this.#owned[this.#owned.indexOf(own)] = joined;
    }
  }
}

/** Bytes a second that a link can count on where all of these places have one. */
export const linkShare = ({ workload }: Model, places: readonly PlaceOffer[]): number =>
  workload.coordinator.bandwidth / Math.max(1, places.filter(({ local }) => !local).length);

/** @param parts those that it keeps, of any place */
export function seatOf(model: Model, place: PlaceOffer, share: number, parts: readonly Part[]): Seat {
  const seat = new Seat(model, place, Math.min(place.bandwidth, share));
  for (const { layer, start, end, place: owner } of parts) {
    if (owner === place.id) seat.take({ layer, start, end });
  }
  return seat;
}

export function seatsOf(model: Model, places: readonly PlaceOffer[], kept: readonly Part[]): Seat[] {
  const share = linkShare(model, places);
  return places.map((place) => seatOf(model, place, share, kept));
}
