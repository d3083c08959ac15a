import { backpropRule } from '../core/backprop.js';
import type { LayerRule } from '../core/layer.js';
import type { Parts } from '../core/parts/registry.js';
import { kfac } from '../core/second-order/kfac.js';
import { shampoo } from '../core/second-order/shampoo.js';
import type { JobSpec, LayerSpec, LocalSpec } from '../core/spec/job-spec.js';
import type { NetworkRule } from '../engine/sweep.js';

/**
 * The network of a spec, for data of `inputs` numbers an example.
 * @param batch examples of a batch, which may be fewer than the spec says
 */
export function buildNetwork(
  spec: JobSpec,
  parts: Parts,
  inputs: number,
  batch = spec.training.batchSize,
): NetworkRule {
  let below = inputs;
  const secondOrder = secondOrderRule(spec);
  const layers = spec.network.layers.map((layer): LayerRule => {
    const rule = { ...layerRule(spec, parts, layer, { inputs: below, batch }), ...secondOrder };
    below = layer.units;
    return rule;
  });
  return { layers, loss: parts.choose('loss', spec.network.loss) };
}

/** What a second-order method changes of every layer's rule; the method is one and the same object. */
function secondOrderRule({
  training,
  kfac: ownKfac,
  shampoo: ownShampoo,
}: JobSpec): Pick<LayerRule, 'secondOrder' | 'learningRate'> | null {
  switch (training.algorithm) {
    case 'kfac':
      return { secondOrder: kfac(ownKfac), learningRate: ownKfac.learningRate };
    case 'shampoo':
      return { secondOrder: shampoo(ownShampoo), learningRate: ownShampoo.learningRate };
    default:
      return null;
  }
}

function layerRule(
  spec: JobSpec,
  parts: Parts,
  layer: LayerSpec,
  { inputs, batch }: { readonly inputs: number; readonly batch: number },
): LayerRule {
  const local: LocalSpec = { ...spec.local, ...layer.local };
  const optimizer = parts.choose('optimizer', local.optimizer);
  const rule: LayerRule = {
    inputs,
    units: layer.units,
    transfer: parts.choose('transfer', layer.transfer),
    target: parts.choose('target', local.target),
    localLoss: parts.choose('localLoss', local.loss),
    regularizer: parts.choose('regularizer', local.regularizer),
    optimizer,
    iterations: local.iterations,
    localSchedule: local.schedule,
    learningRate: optimizer.h['learningRate']!,
    residualMomentum: local.residualMomentum,
    solver: local.solver,
    anderson: local.anderson,
    form: 'direct',
  };
  if (spec.training.algorithm !== 'locoprop') return backpropRule(rule);
  return { ...rule, form: chooseForm(local.form, rule, batch) };
}

/**
 * The form of a layer's solves, the same for the whole job. In multiplications: direct takes 2K products
 * with the batch; Gram takes ZᵀZ and ZᵀR⁰ once and then K products with ZᵀZ.
 */
function chooseForm(
  wanted: LocalSpec['form'],
  { inputs, units, iterations, localLoss }: LayerRule,
  batch: number,
): LayerRule['form'] {
  if (wanted !== 'auto') return wanted;
  if (!localLoss.part.quadratic || iterations === 1) return 'direct';
  const direct = 2 * iterations * batch * inputs * units;
  const gram = batch * inputs * (inputs + units) + iterations * inputs * inputs * units;
  return gram < direct ? 'gram' : 'direct';
}
