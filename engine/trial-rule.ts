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
  readonly iterations?: number;
  /** The exact one has a proximal regularizer with η = 1. */
  readonly solver?: LayerRule['solver'];
}

const parts = new Parts();

/** The rule of a layer that an engine is tried with. */
export const trialRule = (
  {
    transfer,
    optimizer,
    localLoss,
    iterations = TRIAL_ITERATIONS,
    solver = 'iterative',
    ...shape
  }: TrialLayer,
  learningRate: number,
): LayerRule => ({
  ...shape,
  transfer: parts.choose('transfer', { name: transfer }),
  target: parts.choose('target', { name: 'gradient_step' }),
  localLoss: parts.choose('localLoss', { name: localLoss }),
  regularizer: parts.choose(
    'regularizer',
    solver === 'exact' ? { name: 'proximal', eta: 1 } : { name: 'none' },
  ),
  optimizer: parts.choose('optimizer', { name: optimizer, learningRate }),
  iterations,
  localSchedule: 'linear',
  learningRate,
  residualMomentum: 0,
  solver,
  anderson: defaultAnderson,
});
