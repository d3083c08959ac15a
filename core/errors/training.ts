import type { ErrorEntry } from './entry.js';

/** Failures while a network is trained. */
export const trainingErrors = {
  TRAINING_DIVERGED: {
    message: 'The {quantity} of step {step} (epoch {epoch}) is not finite{where}.',
    remedy: 'Train a new run with a lower learning rate or activation learning rate{start}.',
    retryable: false,
    exitCode: 1,
  },
  TRAINING_STUCK: {
    message:
      'No local problem of epoch {epoch} could be solved: the guard gave all of them up, and no layer has moved.',
    remedy:
      'Lower `local.optimizer.learningRate`: the events `guard.gave-up` of the run say what the last attempts did to the objectives. The weights are in the checkpoint {checkpoint}.',
    retryable: false,
    exitCode: 1,
  },
  RUN_STOPPED_WAITING: {
    message: 'The run was stopped while it waited for workers, after step {step}.',
    remedy:
      'Continue it with `locoprop train --resume {directory}`: it goes on from its last checkpoint, or from the start where it has none.',
    retryable: true,
    exitCode: 1,
  },
} as const satisfies Record<string, ErrorEntry>;
