import { messageOf } from '../../core/errors/message.js';
import type { ServiceEvent } from '../../core/job/service-events.js';
import type { Settings } from '../../core/settings/table.js';
import type { Log } from '../../services/telemetry/log.js';
import type { Metrics } from '../../services/telemetry/metrics/metrics.js';
import type { Tracing } from '../../services/telemetry/traces/contract.js';
import { openTracing } from '../../services/telemetry/tracing.js';
import type { CoordinatorObserver } from '../coordinator.js';

export interface Observation extends CoordinatorObserver {
  /** From here on, the metrics count what happens, too. */
  count(metrics: Metrics): void;
}

/** Gives all that happens to the log, the metrics and the traces. */
export function observe({
  log,
  tracing,
}: {
  readonly log: Log;
  readonly tracing: Tracing | null;
}): Observation {
  let metrics: Metrics | null = null;
  return {
    count: (counted) => {
      metrics = counted;
    },
    onRunEvent: (event, { id, attempt, fence }) => {
      log.job({ kind: 'event', event }, { job: id, attempt: attempt + 1, fence });
      metrics?.run(event, id);
      tracing?.run(event, id);
    },
    onJobEvent: (event, { id, name, attempt, fence }) => {
      log.job({ kind: 'job-event', event }, { job: id, attempt: attempt + 1, fence });
      metrics?.job(event, id);
      tracing?.job(event, { id, name });
    },
    onFleetEvent: (event) => log.service(event),
    onServiceEvent: (event: ServiceEvent) => {
      log.service(event);
      metrics?.service(event);
      if (event.type === 'job.lost') tracing?.lost(event.jobId);
    },
  };
}

/** The traces, where the settings name a collector. @throws LocopropError SETTING_INVALID */
export async function openTraces(
  { otlpEndpoint: endpoint, traceSampling }: Pick<Settings, 'otlpEndpoint' | 'traceSampling'>,
  { version, log }: { readonly version: string; readonly log: Log },
): Promise<Tracing | null> {
  if (endpoint === null) return null;
  return openTracing({
    endpoint,
    service: 'locoprop-coordinator',
    version,
    everySteps: traceSampling === 0 ? 0 : Math.round(1 / traceSampling),
    onLost: (error) => log.service({ type: 'traces.lost', endpoint, reason: messageOf(error) }),
  });
}
