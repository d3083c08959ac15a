import type { ErrorEntry } from './entry.js';

/** Programs that runs are logged to. */
export const trackingErrors = {
  TRACKING_ADDRESS_INVALID: {
    message: '"{address}" is no address of an MLflow tracking server.',
    remedy:
      "Write an address such as http://localhost:5000; files and databases are for MLflow's own server.",
    retryable: false,
    exitCode: 2,
  },
  TRACKING_LOST: {
    message: 'MLflow at {server} does not take the run {run}: {reason}',
    remedy: 'The run goes on, and MLflow is sent what it lacks once it does.',
    retryable: true,
    exitCode: 1,
  },
  TRACKING_REFUSED: {
    message: 'MLflow at {server} refuses the run {run}: {reason}',
    remedy:
      'The run goes on without it. Mend the cause, then continue the run: MLflow is sent what it lacks.',
    retryable: false,
    exitCode: 1,
  },
  TRACKING_INCOMPLETE: {
    message: 'MLflow at {server} has not got all of the run {run}, {points} points are missing: {reason}',
    remedy:
      'The log of the run has them. `locoprop train --resume`, with the same --mlflow, sends them, also where there is nothing left to train.',
    retryable: true,
    exitCode: 1,
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;
