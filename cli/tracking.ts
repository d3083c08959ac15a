import { LocopropError } from '../core/errors/error.js';
import type { TrackingEvent } from '../core/job/service-events.js';
import { DEFAULT_EXPERIMENT } from '../core/settings/table.js';
import type { MlflowTracking } from '../services/tracking/mlflow/mlflow-tracking.js';
import { duration } from './format.js';
import type { CommandContext } from './options.js';

export interface TrackingFlags {
  readonly mlflow?: string;
  readonly mlflowExperiment?: string;
}

/** Opens MLflow for a run, whose troubles are told there. */
export type OpenTracking = (onEvent: (event: TrackingEvent) => void) => MlflowTracking;

/**
 * What the flags ask for; null where they do not.
 * @throws LocopropError CLI_USAGE, TRACKING_ADDRESS_INVALID
 */
export async function trackingOf(
  { mlflow: address, mlflowExperiment }: TrackingFlags,
  { version }: CommandContext,
): Promise<OpenTracking | null> {
  if (address === undefined) {
    if (mlflowExperiment === undefined) return null;
    throw new LocopropError('CLI_USAGE', { reason: '--mlflow-experiment needs --mlflow.' });
  }
  const { MlflowTracking } = await import('../services/tracking/mlflow/mlflow-tracking.js');
  const { mlflowAddress } = await import('../services/tracking/mlflow/address.js');
  const environment = process.env;
  // A wrong one is refused before there is a run.
  mlflowAddress(address, environment);
  const experiment = mlflowExperiment ?? (environment['MLFLOW_EXPERIMENT_NAME'] || DEFAULT_EXPERIMENT);
  return (onEvent) => new MlflowTracking({ address, experiment, environment, version, onEvent });
}

/** For people. */
export function trackingText(event: TrackingEvent): string {
  const { server, run } = event;
  switch (event.type) {
    case 'tracking.lost': {
      const { reason, final } = event;
      return told(new LocopropError(final ? 'TRACKING_REFUSED' : 'TRACKING_LOST', { server, run, reason }));
    }
    case 'tracking.restored':
      return `MLflow at ${server} takes the run ${run} again, after ${duration(event.seconds)}.`;
    case 'tracking.incomplete': {
      const { points, reason } = event;
      return told(new LocopropError('TRACKING_INCOMPLETE', { server, run, points, reason }));
    }
  }
}

const told = ({ code, message, remedy }: LocopropError): string => `${code}: ${message}\n${remedy}`;
