import type { LayerLoad, Part, PlaceOffer, Plan, Workload } from '#coordinator/planner/plan.js';
import { expect } from 'vitest';

/** The paper's autoencoder. */
export const autoencoder = [784, 1000, 500, 250, 30, 250, 500, 1000, 784];

export const layerOf = (inputs: number, units: number, given: Partial<LayerLoad> = {}): LayerLoad => ({
  inputs,
  units,
  separable: true,
  iterations: 10,
  form: 'direct',
  solver: 'iterative',
  slots: 0,
  objective: false,
  ...given,
});

export const layersOf = (sizes: readonly number[], given: Partial<LayerLoad> = {}): LayerLoad[] =>
  sizes.slice(1).map((units, below) => layerOf(sizes[below]!, units, given));

/** So fast that it takes no time beside what is measured. */
export const NO_TIME = 1e15;

export const workloadOf = (layers: readonly LayerLoad[], given: Partial<Workload> = {}): Workload => ({
  layers,
  batch: 2000,
  wireBytes: 4,
  coordinator: { gflops: NO_TIME, bandwidth: NO_TIME },
  ...given,
});

export const placeOf = (id: string, given: Partial<PlaceOffer> = {}): PlaceOffer => ({
  id,
  local: false,
  gflops: 75,
  bandwidth: NO_TIME,
  memoryBytes: 1e12,
  ...given,
});

/**
 * Operations of K local iterations besides the products, of columns without slots: 250 for an entry of Y, 125 for
 * one of W (core/solve-operations.ts).
 */
export const elementwise = (inputs: number, columns: number, batch: number, iterations: number): number =>
  iterations * columns * (250 * batch + 125 * inputs);

export const placesOf = (count: number, given: Partial<PlaceOffer> = {}): PlaceOffer[] =>
  Array.from({ length: count }, (_, index) => placeOf(`w${index}`, given));

export const widthOf = ({ start, end }: Part): number => end - start;

/** The place of every column, layer by layer. */
export function placeOfColumns({ layers }: Workload, { parts }: Plan): (string | undefined)[][] {
  const places = layers.map(({ units }): (string | undefined)[] =>
    new Array<string | undefined>(units).fill(undefined),
  );
  for (const { layer, start, end, place } of parts) places[layer]!.fill(place, start, end);
  return places;
}

/** That the parts are every column once, of allowed widths, and on different places. */
export function expectWellFormed(workload: Workload, places: readonly PlaceOffer[], plan: Plan): void {
  for (const [layer, { units, separable }] of workload.layers.entries()) {
    const own = plan.parts.filter((part) => part.layer === layer);
    expect(own.map(({ start }) => start)).toEqual([0, ...own.slice(0, -1).map(({ end }) => end)]);
    expect(own.at(-1)?.end).toBe(units);
    if (own.length > 1) expect(Math.min(...own.map(widthOf))).toBeGreaterThan(64);
    if (!separable) expect(own).toHaveLength(1);
    expect(new Set(own.map(({ place }) => place)).size).toBe(own.length);
  }
  const used = new Set(plan.parts.map(({ place }) => place));
  expect([...used, ...plan.leftOut].sort()).toEqual(places.map(({ id }) => id).sort());
  for (const { id, memoryBytes } of places) {
    const needed = plan.parts
      .filter(({ place }) => place === id)
      .map((part) => bytesOf(workload, part))
      .reduce((x, y) => x + y, 0);
    expect(needed).toBeLessThanOrEqual(memoryBytes);
  }
}

/** Of float32: weights, bias and their slots, twice; X; R⁰, A and T. */
export function bytesOf({ layers, batch }: Workload, { layer, start, end }: Part): number {
  const { inputs, slots } = layers[layer]!;
  const columns = end - start;
  const parameters = inputs * columns + columns;
  return 4 * (2 * (parameters + slots * parameters) + batch * inputs + 3 * batch * columns);
}
