import { defaultAnderson } from '../../core/anderson.js';
import type { LayerRule } from '../../core/layer.js';
import type { CaseSource } from './case-source.js';
import type { LocalProblemCase, PartChoice } from './schema.js';

/** The local loss of each algorithm. */
export const localLossNames = { S: 'squared', M: 'matching' } as const;

interface RuleFields extends Pick<
  LocalProblemCase,
  'optimizer' | 'regularizer' | 'localSchedule' | 'iterations' | 'learningRate'
> {
  readonly inputs: number;
  readonly units: number;
  readonly activation: PartChoice;
  readonly localLoss: string;
  readonly activationLearningRate: number;
}

/**
 * The rule of a case's layer, in the direct form.
 * @throws LocopropError VECTORS_INVALID for a part that does not exist
 */
export function layerRule(source: CaseSource, fields: RuleFields): LayerRule {
  const { inputs, units, iterations, localSchedule, learningRate, activationLearningRate } = fields;
  const { name, hyperparameters } = fields.optimizer;
  return {
    inputs,
    units,
    transfer: source.choose('transfer', fields.activation),
    target: source.choose('target', { name: 'gradient_step', hyperparameters: { activationLearningRate } }),
    localLoss: source.choose('localLoss', { name: fields.localLoss, hyperparameters: {} }),
    regularizer: source.choose('regularizer', fields.regularizer),
    optimizer: source.choose('optimizer', { name, hyperparameters: { ...hyperparameters, learningRate } }),
    iterations,
    localSchedule,
    learningRate,
    residualMomentum: 0,
    solver: 'iterative',
    anderson: defaultAnderson,
    form: 'direct',
  };
}
