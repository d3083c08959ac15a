import type { LayerShape } from '../shapes.js';

/** What a step sends: problems down, weights up. */
export interface WireLoad {
  readonly batch: number;
  readonly layers: readonly LayerShape[];
}

export const directions = ['down', 'up', 'both'] as const;
export type Direction = (typeof directions)[number];

/** Bytes of float32 that go each way. */
export function bytesOf({ batch, layers }: WireLoad, direction: Direction): { down: number; up: number } {
  const sum = (count: (layer: LayerShape) => number): number =>
    layers.reduce((total, layer) => total + 4 * count(layer), 0);
  return {
    down: direction === 'up' ? 0 : sum(({ inputs, units }) => batch * (inputs + units)),
    up: direction === 'down' ? 0 : sum(({ inputs, units }) => (inputs + 1) * units),
  };
}
