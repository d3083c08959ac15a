import { initialBias, initialWeights } from '../core/initializers.js';
import type { LayerRule } from '../core/layer.js';
import type { JobSpec } from '../core/spec/job-spec.js';
import type { LayerState } from '../core/state.js';
import { freshSlots } from '../engine/layer-tensors.js';

/** The layers before the first step, with weights drawn from the spec's seed. */
export function initialStates({ seed, network }: JobSpec, rules: readonly LayerRule[]): LayerState[] {
  const { weights, biases } = network.initializer;
  return rules.map((rule, layer) => ({
    weights: initialWeights(weights, { seed, layer, ...rule }),
    bias: initialBias(biases, { seed, layer, ...rule }),
    ...freshSlots(rule),
    updates: 0,
  }));
}
