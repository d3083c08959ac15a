import { messageOf } from '../core/errors/message.js';
import type { RunEvent } from '../core/events.js';
import type { JobEvent, JobRecord } from '../core/job/record.js';
import type { FleetEvent, ServiceEvent } from '../core/job/service-events.js';
import type { JobQueue } from '../services/queue/queue.js';
import type { JobStore } from '../services/store/job-store.js';
import type { MlflowTracking } from '../services/tracking/mlflow/mlflow-tracking.js';
import { joinHub, type JoinCluster } from './cluster/cluster.js';
import { WorkerHub, type WorkerHubOptions } from './cluster/worker-hub.js';
import { CoordinatorService } from './service/coordinator-service.js';
import { Dispatcher } from './service/dispatcher.js';
import { JobRecords } from './service/job-records.js';
import { JobSpecs, type JobSpecsOptions } from './service/job-specs.js';
import { LiveLogs } from './service/live-log.js';
import { Outages } from './service/outages.js';
import { QueueKeeper } from './service/queue-keeper.js';
import { Retention } from './service/retention.js';

/** Is told of all that happens. */
export interface CoordinatorObserver {
  onRunEvent(event: RunEvent, record: JobRecord): void;
  onJobEvent(event: JobEvent, record: JobRecord): void;
  /** Workers that come and go; the runs that use them have these events too. */
  onFleetEvent(event: FleetEvent): void;
  onServiceEvent(event: ServiceEvent): void;
}

export interface CoordinatorOptions extends Omit<JobSpecsOptions, 'store'> {
  /** Its name in the records of jobs, unique among those that share a store. */
  readonly name: string;
  readonly version: string;
  readonly store: JobStore;
  readonly queue: JobQueue;
  readonly workers: Pick<WorkerHubOptions, 'address' | 'security' | 'leaseMs' | 'localWorkers'>;
  /** Whether its own engine solves parts too. */
  readonly solvesHere: boolean;
  /** How many jobs run at a time. */
  readonly jobs: number;
  /** Bytes that an upload may have. */
  readonly maxUpload: number;
  /** Days that a job that has ended is kept; null for ever. */
  readonly keepDays: number | null;
  /** Where runs are logged besides; null for nowhere. */
  readonly tracking: MlflowTracking | null;
  readonly observer: CoordinatorObserver;
}

/** Takes jobs from clients, queues them and runs them on its workers. */
export class Coordinator {
  readonly service: CoordinatorService;
  readonly hub: WorkerHub;
  readonly records: JobRecords;
  readonly #options: CoordinatorOptions;
  readonly #dispatcher: Dispatcher;
  readonly #keeper: QueueKeeper;
  readonly #retention: Retention;

  private constructor(options: CoordinatorOptions, hub: WorkerHub) {
    const { store, queue, observer, name, version, jobs, maxUpload, keepDays, tracking } = options;
    this.#options = options;
    this.hub = hub;
    this.records = new JobRecords({
      store,
      onWritten: (events, record) => {
        for (const event of events) observer.onJobEvent(event, record);
      },
    });
    const { records } = this;
    const specs = new JobSpecs(options);
    const logs = new LiveLogs(store);
    const outages = new Outages({
      queue: queue.location,
      store: store.location,
      onEvent: (event) => observer.onServiceEvent(event),
    });
    const onFailed = (error: unknown): void => outages.failed(error);
    this.#dispatcher = new Dispatcher({
      store,
      queue,
      records,
      specs,
      name,
      jobs,
      program: `locoprop ${version}`,
      cluster: joinedTo(hub, options.solvesHere),
      tracking,
      sharesProcessors: options.workers.localWorkers !== null || jobs > 1,
      onEvent: (event, record) => {
        observer.onRunEvent(event, record);
        logs.wake(record.id, record.fence);
      },
      onError: onFailed,
      onLost: (error, { id, fence }) =>
        observer.onServiceEvent({ type: 'job.lost', jobId: id, fence, reason: messageOf(error) }),
      onDropped: ({ id, ticket }, reason) =>
        observer.onServiceEvent({ type: 'queue.dropped', jobId: id, ticket, reason }),
    });
    const dispatcher = this.#dispatcher;
    this.#keeper = new QueueKeeper({
      records,
      queue,
      dispatcher,
      onRebuilt: (added) => observer.onServiceEvent({ type: 'queue.rebuilt', queue: queue.location, added }),
      onLooked: () => outages.answered(),
      onError: onFailed,
    });
    this.#retention = new Retention({
      records,
      keepDays,
      onRemoved: (jobId, reason) => observer.onServiceEvent({ type: 'retention.removed', jobId, reason }),
      onError: onFailed,
    });
    this.service = new CoordinatorService({
      store,
      queue,
      records,
      specs,
      logs,
      dispatcher,
      hub,
      maxUpload,
      onQueueError: onFailed,
    });
  }

  /**
   * Opens the port for workers, takes up the jobs of the store and begins to run them.
   * @throws LocopropError STORE_…, QUEUE_…, CLUSTER_LISTEN_FAILED
   */
  static async open(options: CoordinatorOptions): Promise<Coordinator> {
    const { store, queue, workers, name, jobs, observer } = options;
    // A coordinator with a queue of its own takes every job of the store for its own.
    await store.lock(queue.shared ? 'shared' : 'alone');
    const hub = await WorkerHub.open({
      ...workers,
      name,
      jobs,
      onEvent: (event) => observer.onFleetEvent(event),
      onLocalWorkersFailed: ({ message }) =>
        observer.onServiceEvent({ type: 'coordinator.failed', reason: message, stack: null }),
    });
    const coordinator = new Coordinator(options, hub);
    try {
      await coordinator.#keeper.start();
      await coordinator.#dispatcher.start();
      coordinator.#retention.start();
      return coordinator;
    } catch (error) {
      await coordinator.#stop('the coordinator could not start');
      throw error;
    }
  }

  /** Where its store and its queue are, for messages. */
  get locations(): { readonly store: string; readonly queue: string } {
    return { store: this.#options.store.location, queue: this.#options.queue.location };
  }

  /** Jobs that run here. */
  get running(): readonly string[] {
    return this.#dispatcher.running;
  }

  /** Gives the jobs that run back to the queue, each with a checkpoint, and closes everything. */
  async close(): Promise<void> {
    const { store, queue } = this.#options;
    await this.#stop('the coordinator ends');
    await queue.close();
    await store.close();
  }

  async #stop(reason: string): Promise<void> {
    await this.#dispatcher.stop();
    await this.#retention.stop();
    await this.#keeper.stop();
    await this.hub.close(reason, false);
  }
}

/** Gives each run the workers of a hub, and tells it of those that are there and that come and go. */
const joinedTo =
  (hub: WorkerHub, solvesHere: boolean): JoinCluster =>
  async (job) => {
    for (const { info } of hub.members) job.emit({ type: 'worker.joined', ...info });
    const unsubscribe = hub.subscribe(job.emit);
    try {
      const cluster = await joinHub(hub, { solvesHere }, job);
      return { pool: cluster.pool, close: () => cluster.close().finally(unsubscribe) };
    } catch (error) {
      unsubscribe();
      throw error;
    }
  };
