import { defaultAnderson } from '../core/anderson.js';
import type { LayerRule } from '../core/layer.js';
import { Parts } from '../core/parts/registry.js';

/** Local iterations of the paper. */
const TRIAL_ITERATIONS = 10;

/** What may differ between the problems that engines are tried with. */
export interface TrialLayer {
  readonly inputs: number;
  readonly units: number;
  readonly transfer: string;
  readonly optimizer: string;
  readonly localLoss: 'squared' | 'matching';
  readonly form: LayerRule['form'];
}

const parts = new Parts();

/** The rule of a layer that an engine is tried with. */
export const trialRule = (
  { inputs, units, transfer, optimizer, localLoss, form }: TrialLayer,
  learningRate: number,
): LayerRule => ({
  inputs,
  units,
  transfer: parts.choose('transfer', { name: transfer }),
  target: parts.choose('target', { name: 'gradient_step' }),
  localLoss: parts.choose('localLoss', { name: localLoss }),
  regularizer: parts.choose('regularizer', { name: 'none' }),
  optimizer: parts.choose('optimizer', { name: optimizer, learningRate }),
  iterations: TRIAL_ITERATIONS,
  localSchedule: 'linear',
  learningRate,
  residualMomentum: 0,
  solver: 'iterative',
  anderson: defaultAnderson,
  form,
});
