import { partBytes } from '../../core/part-memory.js';
import type { LayerLoad, Workload } from './plan.js';

/** What solving columns of a layer away from the coordinator takes: each is `fixed + columns · perColumn`. */
export interface Affine {
  readonly fixed: number;
  readonly perColumn: number;
}

export interface LayerCost {
  /** Floating-point operations. */
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

export const at = ({ fixed, perColumn }: Affine, columns: number): number => fixed + columns * perColumn;

/** Slots come home every so many steps that they add at most this share to the weights' bytes. */
const SLOT_SHARE = 0.25;

/** Refinements of the exact solver and its first solution. */
const EXACT_STEPS = 3;

/**
 * Floating-point operations of the matrix products of a solve; what is elementwise is in the speed of a
 * place, which is measured by a local problem. A product of m×k and k×n counts 2mkn.
 */
export function solveOperations(
  { inputs, iterations, form, solver, objective }: LayerLoad,
  batch: number,
  preactivationKnown: boolean,
): Affine {
  const withBatch = 2 * batch * inputs;
  const gram = withBatch * inputs;
  const withGram = 2 * inputs * inputs;
  if (solver === 'exact') {
    // A pivot is a product with a unit vector and an outer product; a step two products, a residual one.
    const sweeps = inputs * 2 * withGram;
    return { fixed: gram + sweeps, perColumn: EXACT_STEPS * (2 * withBatch + withGram) };
  }
  const last = objective ? 1 : 0;
  if (form === 'gram') {
    return { fixed: gram, perColumn: withBatch + (iterations - 1 + last) * withGram };
  }
  // K gradients, K − 1 further pre-activations; the first is needed for T, so not where nothing reads T.
  const first = preactivationKnown || (iterations === 1 && !objective) ? 0 : 1;
  return { fixed: 0, perColumn: (2 * iterations - 1 + first + last) * withBatch };
}

export function layerCost(layer: LayerLoad, { batch, wireBytes }: Workload): LayerCost {
  const up = (layer.inputs + 1) * wireBytes;
  const whole = partBytes(layer, 0, batch);
  return {
    remote: solveOperations(layer, batch, false),
    local: solveOperations(layer, batch, true),
    down: { fixed: batch * layer.inputs * wireBytes, perColumn: batch * wireBytes },
    up: { fixed: 0, perColumn: up },
    slots: { fixed: 0, perColumn: layer.slots > 0 ? SLOT_SHARE * up : 0 },
    memory: { fixed: whole, perColumn: partBytes(layer, 1, batch) - whole },
  };
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
