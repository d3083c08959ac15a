import { at, type Affine } from '../../core/affine.js';
import { partBytes } from '../../core/part-memory.js';
import { solveOperations } from '../../core/solve-operations.js';
import type { LayerLoad, Workload } from './plan.js';

export interface LayerCost {
  /** Operations, as solveOperations counts them. */
  readonly remote: Affine;
  readonly local: Affine;
  /** Bytes to the place: X and R⁰. */
  readonly down: Affine;
  /** Bytes of weights and bias from it. */
  readonly up: Affine;
  /** Bytes of slots from it, as the mean of a step. */
  readonly slots: Affine;
  /** Bytes that the part takes there. */
  readonly memory: Affine;
}

/** Slots that come home add at most this share to the bytes of a step. */
const SLOTS_SHARE = 0.25;

/** Steps after which slots come home. */
export function stepsBetweenSlots(workload: Workload): number {
  const ofAll = (bytes: (layer: LayerLoad) => Affine): number =>
    sum(workload.layers.map((layer) => at(bytes(layer), layer.units)));
  const step = ofAll((layer) => bytesDown(layer, workload)) + ofAll((layer) => bytesUp(layer, workload));
  return Math.max(1, Math.ceil(ofAll(bytesOfSlots) / (SLOTS_SHARE * step)));
}

const bytesDown = ({ inputs }: LayerLoad, { batch, wireBytes }: Workload): Affine => ({
  fixed: batch * inputs * wireBytes,
  perColumn: batch * wireBytes,
});

const bytesUp = ({ inputs }: LayerLoad, { wireBytes }: Workload): Affine => ({
  fixed: 0,
  perColumn: (inputs + 1) * wireBytes,
});

/** In float32, whatever the rest travels in. */
const bytesOfSlots = ({ inputs, slots }: LayerLoad): Affine => ({
  fixed: 0,
  perColumn: 4 * slots * (inputs + 1),
});

/** Of all layers, in their order. */
export function layerCosts(workload: Workload): LayerCost[] {
  const { batch, layers } = workload;
  const steps = stepsBetweenSlots(workload);
  return layers.map((layer) => {
    const whole = partBytes(layer, 0, batch);
    return {
      remote: solveOperations(layer, batch, false),
      local: solveOperations(layer, batch, true),
      down: bytesDown(layer, workload),
      up: bytesUp(layer, workload),
      slots: { fixed: 0, perColumn: bytesOfSlots(layer).perColumn / steps },
      memory: { fixed: whole, perColumn: partBytes(layer, 1, batch) - whole },
    };
  });
}

/** The coordinator's own work of a step. */
export interface Passes {
  /** Seconds of each layer's forward pass. */
  readonly forward: readonly number[];
  /** Seconds from the start of the sweep until each layer's R⁰ is there. */
  readonly released: readonly number[];
  /** Seconds from the start of each layer's forward pass to the end of the last. */
  readonly tails: readonly number[];
  readonly sweep: number;
  readonly forwardTotal: number;
}

/** Products X W of all layers and D Wᵀ of all but the first, each in order. */
export function coordinatorPasses({ layers, batch, coordinator }: Workload): Passes {
  const forward = layers.map(
    ({ inputs, units }) => (2 * batch * inputs * units) / (coordinator.gflops * 1e9),
  );
  const released = layers.map((_, layer) => sum(forward.slice(layer + 1)));
  const tails = layers.map((_, layer) => sum(forward.slice(layer)));
  return { forward, released, tails, sweep: released[0] ?? 0, forwardTotal: sum(forward) };
}

const sum = (values: readonly number[]): number => values.reduce((x, y) => x + y, 0);
