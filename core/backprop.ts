import type { LayerRule } from './layer.js';
import { Parts } from './parts/registry.js';

const parts = new Parts();
const squared = parts.choose('localLoss', { name: 'squared' });
const gradient = parts.choose('target', { name: 'gradient_step', activationLearningRate: 1 });

/**
 * BackProp as a local problem: with R⁰ = D, one local iteration on the squared loss is an update with
 * the network's own gradients XᵀD and column sums of D.
 */
export const backpropRule = (rule: LayerRule): LayerRule => ({
  ...rule,
  target: gradient,
  localLoss: squared,
  iterations: 1,
  localSchedule: 'constant',
  residualMomentum: 0,
  solver: 'iterative',
  form: 'direct',
});
