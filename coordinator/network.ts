import type { LayerRule } from '../core/layer.js';
import type { Parts } from '../core/parts/registry.js';
import type { JobSpec, LayerSpec, LocalSpec, PartReference } from '../core/spec/job-spec.js';
import type { NetworkRule } from '../engine/sweep.js';

/**
 * The network of a spec, for data of `inputs` numbers an example.
 *
 * BackProp is the local problem with R⁰ = D, one local iteration and a constant rate: the gradients of
 * the squared local loss are then those of the network's loss.
 */
export function buildNetwork(spec: JobSpec, parts: Parts, inputs: number): NetworkRule {
  let below = inputs;
  const layers = spec.network.layers.map((layer): LayerRule => {
    const rule = layerRule(spec, parts, layer, below);
    below = layer.units;
    return rule;
  });
  return { layers, loss: parts.choose('loss', spec.network.loss) };
}

function layerRule(spec: JobSpec, parts: Parts, layer: LayerSpec, inputs: number): LayerRule {
  const local: LocalSpec = { ...spec.local, ...layer.local };
  const optimizer = parts.choose('optimizer', local.optimizer);
  const common = {
    inputs,
    units: layer.units,
    transfer: parts.choose('transfer', layer.transfer),
    optimizer,
    learningRate: optimizer.h['learningRate']!,
  };
  const rule = spec.training.algorithm === 'backprop' ? backprop(parts) : localRule(parts, local);
  const chosen = { ...common, ...rule };
  return { ...chosen, form: chooseForm(local.form, chosen, spec.training.batchSize) };
}

type LocalRule = Pick<
  LayerRule,
  'target' | 'localLoss' | 'regularizer' | 'iterations' | 'localSchedule' | 'solver'
>;

const gradientItself: PartReference = { name: 'gradient_step', activationLearningRate: 1 };

const backprop = (parts: Parts): LocalRule => ({
  target: parts.choose('target', gradientItself),
  localLoss: parts.choose('localLoss', { name: 'squared' }),
  regularizer: parts.choose('regularizer', { name: 'none' }),
  iterations: 1,
  localSchedule: 'constant',
  solver: 'iterative',
});

const localRule = (parts: Parts, local: LocalSpec): LocalRule => ({
  target: parts.choose('target', local.target),
  localLoss: parts.choose('localLoss', local.loss),
  regularizer: parts.choose('regularizer', local.regularizer),
  iterations: local.iterations,
  localSchedule: local.schedule,
  solver: local.solver,
});

/**
 * The form of a layer's solves, the same for the whole job. In multiplications: direct takes 2K products
 * with the batch; Gram takes ZᵀZ and ZᵀR⁰ once and then K products with ZᵀZ.
 */
function chooseForm(
  wanted: LocalSpec['form'],
  { inputs, units, iterations, localLoss }: Omit<LayerRule, 'form'>,
  batch: number,
): LayerRule['form'] {
  if (wanted !== 'auto') return wanted;
  if (!localLoss.part.quadratic || iterations === 1) return 'direct';
  const direct = 2 * iterations * batch * inputs * units;
  const gram = batch * inputs * (inputs + units) + iterations * inputs * inputs * units;
  return gram < direct ? 'gram' : 'direct';
}
