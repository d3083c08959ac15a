import { messageOf } from '../../core/errors/message.js';
import type { TrackingEvent } from '../../core/job/service-events.js';
import type { Settings } from '../../core/settings/table.js';
import { openQueue } from '../../services/queue/open-queue.js';
import type { TransportSecurity } from '../../services/security/transport-security.js';
import { openJobStore } from '../../services/store/open-job-store.js';
import type { Log } from '../../services/telemetry/log.js';
import { Metrics } from '../../services/telemetry/metrics/metrics.js';
import type { MlflowTracking } from '../../services/tracking/mlflow/mlflow-tracking.js';
import type { WorkerHubOptions } from '../cluster/worker-hub.js';
import { Coordinator } from '../coordinator.js';
import { ensureTokens, openAccess, readExposure } from './access.js';
import { openInterfaces } from './interfaces.js';
import { metricSources } from './metric-sources.js';
import { observe, openTraces, type Observation } from './observation.js';
import { Opened } from './opened.js';

export interface HostOptions {
  readonly settings: Settings;
  readonly version: string;
  readonly log: Log;
  /** How workers of this machine are started; null for none. */
  readonly localWorkers: WorkerHubOptions['localWorkers'];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** A coordinator that clients and workers can reach. */
export interface Host {
  /** Of the HTTP interface. */
  readonly url: string;
  readonly grpc: string | null;
  readonly workers: string;
  /** File of the tokens; null where everybody is let in. */
  readonly tokens: string | null;
  /** Gives running jobs back and closes everything, within the time that the settings allow. */
  close(reason: string): Promise<void>;
}

/**
 * Opens the store, the queue, the port for workers and the interfaces for clients, and begins to run jobs.
 * @throws LocopropError SETTING_INVALID, STORE_…, QUEUE_…, CLUSTER_…
 */
export async function openHost(options: HostOptions): Promise<Host> {
  const { settings, version, log, environment } = options;
  const { name } = settings;
  const exposure = await readExposure(settings, environment);
  const opened = new Opened();
  try {
    if (exposure.tokens !== null && settings.apiTokens === null) await ensureTokens(exposure.tokens);
    const access = await openAccess(exposure.tokens, {
      onReload: (tokens) => log.service({ type: 'tokens.reloaded', file: exposure.tokens ?? '', tokens }),
      onFailure: (error) =>
        log.service({ type: 'tokens.broken', file: exposure.tokens ?? '', reason: messageOf(error) }),
    });
    opened.add(() => access.tokens?.close());
    const tracing = await openTraces(settings, { version, log });
    if (tracing) opened.add(() => tracing.close(TRACES_MS));
    const observation = observe({ log, tracing });

    const tracking = await openTracker(options, observation);
    if (tracking) opened.add(() => tracking.close(TRACKING_MS));
    const coordinator = await openCoordinator(options, exposure.workers, { observer: observation, tracking });
    opened.add(() => coordinator.close());
    const metrics = new Metrics({
      version,
      sources: metricSources(coordinator),
      onMissing: (source, error) =>
        log.service({ type: 'metrics.missing', source, reason: messageOf(error) }),
    });
    observation.count(metrics);
    const { service } = coordinator;
    const interfaces = await openInterfaces({
      settings,
      version,
      service,
      access,
      log,
      metrics,
      tls: exposure.apiTls,
      onServiceEvent: (event) => observation.onServiceEvent(event),
    });
    opened.add(() => interfaces.close());

    const workers = coordinator.hub.address;
    const { url, grpc } = interfaces;
    const own = { coordinator: name, http: url, grpc, workers, ...coordinator.locations };
    observation.onServiceEvent({ type: 'coordinator.started', ...own });
    observation.onServiceEvent({ type: 'coordinator.ready', coordinator: name });
    const close = async (reason: string): Promise<void> => {
      const startedMs = performance.now();
      const jobs = coordinator.running.length;
      observation.onServiceEvent({ type: 'coordinator.stopping', coordinator: name, reason, jobs });
      await opened.close();
      const seconds = (performance.now() - startedMs) / 1000;
      observation.onServiceEvent({ type: 'coordinator.stopped', coordinator: name, seconds });
    };
    return { url, grpc, workers, tokens: exposure.tokens, close };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** What is left of traces may take so long to be sent. */
const TRACES_MS = 2000;
/** And so long what is left for MLflow. */
const TRACKING_MS = 3000;

/** MLflow, where the settings name one. @throws LocopropError TRACKING_ADDRESS_INVALID */
async function openTracker(
  { settings, version, environment }: HostOptions,
  observer: Observation,
): Promise<MlflowTracking | null> {
  const { mlflow: address, mlflowExperiment: experiment } = settings;
  if (address === null) return null;
  const { MlflowTracking } = await import('../../services/tracking/mlflow/mlflow-tracking.js');
  const onEvent = (event: TrackingEvent): void => observer.onServiceEvent(event);
  return new MlflowTracking({ address, experiment, environment, version, onEvent });
}

async function openCoordinator(
  { settings, version, localWorkers, environment }: HostOptions,
  security: TransportSecurity,
  { observer, tracking }: { readonly observer: Observation; readonly tracking: MlflowTracking | null },
): Promise<Coordinator> {
  const store = await openJobStore(settings.store, {
    onProblem: ({ message, details }) =>
      observer.onServiceEvent({
        type: 'store.damaged',
        store: settings.store,
        file: String(details.file ?? ''),
        reason: message,
      }),
  });
  const opened = new Opened();
  opened.add(() => store.close());
  try {
    const queue = await openQueue(settings.redis);
    opened.add(() => queue.close());
    return await Coordinator.open({
      name: settings.name,
      version,
      store,
      queue,
      workers: {
        address: settings.listen,
        security,
        leaseMs: 1000 * settings.leaseSeconds,
        localWorkers,
      },
      solvesHere: settings.solveHere,
      jobs: settings.jobs,
      files: settings.files,
      plugins: settings.plugins,
      environment: { ...environment, ...(settings.data !== null && { LOCOPROP_DATA_DIR: settings.data }) },
      engine: { name: settings.engine, threads: settings.threads },
      maxUpload: settings.maxUpload,
      keepDays: settings.keepDays,
      tracking,
      observer,
    });
  } catch (error) {
    await opened.close();
    throw error;
  }
}
