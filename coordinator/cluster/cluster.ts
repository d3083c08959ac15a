import type { RunEventBody } from '../../core/events.js';
import type { JobSpec } from '../../core/spec/job-spec.js';
import type { LayerState } from '../../core/state.js';
import type { Engine } from '../../engine/engine.js';
import { measureSpeed } from '../../engine/speed.js';
import type { NetworkRule } from '../../engine/sweep.js';
import { ClusterPool } from './cluster-pool.js';
import { EnginePlace } from './engine-place.js';
import { WorkerHub, type WorkerHubOptions } from './worker-hub.js';

/** Where a run's workers come from, where it has its own. */
export interface ClusterOptions extends Pick<WorkerHubOptions, 'address' | 'security' | 'localWorkers'> {
  /** Whether the coordinator's engine solves parts too. */
  readonly solvesHere: boolean;
  /** Told the address once workers can dial in. */
  readonly onListening?: (address: string) => void;
}

export interface ClusterJob {
  /** What the workers' parts are held for. */
  readonly name: string;
  readonly spec: JobSpec;
  readonly engine: Engine;
  readonly network: NetworkRule;
  readonly states: readonly LayerState[];
  /** Committed steps that the states are of. */
  readonly step: number;
  /** Examples of a batch. */
  readonly batch: number;
  readonly emit: (event: RunEventBody) => void;
  readonly stop: AbortSignal;
}

/** Gives a run its workers. */
export type JoinCluster = (job: ClusterJob) => Promise<Cluster>;

/** What a run needs of its workers. */
export interface Cluster {
  readonly pool: ClusterPool;
  close(): Promise<void>;
}

/**
 * Listens for workers, starts those of this machine, and gives the layers to those that have come. Waits
 * for the first one unless the coordinator solves too.
 * @throws LocopropError CLUSTER_…; the reason of `stop` where that is aborted while waiting
 */
export async function openCluster(options: ClusterOptions, job: ClusterJob): Promise<Cluster> {
  const ending = new AbortController();
  const stop = AbortSignal.any([job.stop, ending.signal]);
  const { address, security, localWorkers, solvesHere, onListening } = options;
  const hub = await WorkerHub.open({
    address,
    security,
    name: job.name,
    leaseMs: 1000 * job.spec.cluster.leaseSeconds,
    localWorkers,
    jobs: 1,
    onEvent: job.emit,
    onLocalWorkersFailed: (error) => ending.abort(error),
  });
  onListening?.(hub.address);
  const closeHub = (): Promise<void> => hub.close('the run has ended', true);
  try {
    const cluster = await joinHub(hub, { solvesHere }, { ...job, stop });
    return { pool: cluster.pool, close: () => cluster.close().finally(closeHub) };
  } catch (error) {
    await closeHub();
    throw error;
  }
}

/**
 * Gives the layers of a job to the workers of a hub. Waits for the first one unless the coordinator solves
 * too.
 * @throws the reason of `stop` where that is aborted while waiting
 */
export async function joinHub(
  hub: WorkerHub,
  { solvesHere }: Pick<ClusterOptions, 'solvesHere'>,
  job: ClusterJob,
): Promise<Cluster> {
  const { spec, engine, network, states, step, batch, emit, stop } = job;
  const gflops = await measureSpeed(engine);
  const ended = new AbortController();
  const places = hub.placesFor(job.name, ended.signal);
  if (solvesHere) places.add(ownPlace(engine, gflops));
  try {
    const pool = await ClusterPool.create({
      engine,
      rules: network.layers,
      states,
      step,
      batch,
      wire: spec.cluster.wire,
      objective: spec.training.algorithm === 'locoprop',
      places,
      gflops,
      expected: hub.expected + (solvesHere ? 1 : 0),
      emit,
      stop,
    });
    return { pool, close: () => pool.close().finally(() => ended.abort()) };
  } catch (error) {
    ended.abort();
    throw error;
  }
}

/** The coordinator's memory is its run's anyway. */
const ownPlace = (engine: Engine, gflops: number): EnginePlace =>
  new EnginePlace(engine, {
    id: 'coordinator',
    local: true,
    gflops,
    // There is no link; the planner only wants a number.
    bandwidth: 1e15,
    memoryBytes: Number.MAX_SAFE_INTEGER,
  });
