import type { JobSpec } from './job-spec.js';

/** Why a job's layers are solved on its own engine even where it has workers; null where they go to these. */
export function whyNoWorkers({
  training: { algorithm, correction },
}: Pick<JobSpec, 'training'>): string | null {
  if (algorithm === 'kfac' || algorithm === 'shampoo') {
    return `training.algorithm ${algorithm} has no local problems that could be solved elsewhere`;
  }
  if (correction > 0) return 'training.correction solves the layers one after the other';
  return null;
}
