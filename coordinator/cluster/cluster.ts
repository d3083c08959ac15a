import type { RunEventBody } from '../../core/events.js';
import type { LocopropError } from '../../core/errors/error.js';
import type { JobSpec } from '../../core/spec/job-spec.js';
import type { LayerState } from '../../core/state.js';
import type { Engine } from '../../engine/engine.js';
import { measureSpeed } from '../../engine/speed.js';
import type { NetworkRule } from '../../engine/sweep.js';
import type { TransportSecurity } from '../../services/security/transport-security.js';
import { ClusterPool } from './cluster-pool.js';
import { EnginePlace } from './engine-place.js';
import { LocalWorkers, type LocalWorkersOptions } from './local-workers.js';
import { Members } from './members.js';
import { Places } from './places.js';

/** Where a run's workers come from. */
export interface ClusterOptions {
  /** HOST:PORT that workers dial; port 0 for any. */
  readonly address: string;
  readonly security: TransportSecurity;
  /** Workers that the run starts on its own machine; null for none. */
  readonly localWorkers: Pick<LocalWorkersOptions, 'count' | 'args' | 'command' | 'environment'> | null;
  /** Whether the coordinator's engine solves parts too. */
  readonly solvesHere: boolean;
  /** Told the address once workers can dial in. */
  readonly onListening?: (address: string) => void;
}

export interface ClusterJob {
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
  const { spec, engine, network, emit } = job;
  const ending = new AbortController();
  const stop = AbortSignal.any([job.stop, ending.signal]);
  const gflops = await measureSpeed(engine);
  const places = new Places();
  if (options.solvesHere) places.add(ownPlace(engine, gflops));
  const members = await Members.open({
    address: options.address,
    security: options.security,
    job: spec.name,
    leaseMs: 1000 * spec.cluster.leaseSeconds,
    places,
    emit,
  });
  options.onListening?.(members.address);
  const workers = options.localWorkers && startWorkers(options.localWorkers, members.address, ending);
  const closeAll = async (): Promise<void> => {
    await members.close();
    await workers?.close();
  };
  try {
    const pool = await ClusterPool.create({
      engine,
      rules: network.layers,
      states: job.states,
      step: job.step,
      batch: job.batch,
      wire: spec.cluster.wire,
      objective: spec.training.algorithm === 'locoprop',
      places,
      gflops,
      expected: (options.localWorkers?.count ?? 0) + (options.solvesHere ? 1 : 0),
      emit,
      stop,
    });
    return { pool, close: () => pool.close().finally(closeAll) };
  } catch (error) {
    await closeAll();
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

/** An address of this machine's own where the coordinator listens on all. */
const dialled = (address: string): string =>
  address.replace(/^0\.0\.0\.0:/, '127.0.0.1:').replace(/^\[::\]:/, '[::1]:');

const startWorkers = (
  options: NonNullable<ClusterOptions['localWorkers']>,
  address: string,
  ending: AbortController,
): LocalWorkers =>
  new LocalWorkers({
    ...options,
    address: dialled(address),
    onFailed: (error: LocopropError) => ending.abort(error),
  });
