import type { LocopropError } from '../../core/errors/error.js';
import type { FleetEvent } from '../../core/job/service-events.js';
import type { TransportSecurity } from '../../services/security/transport-security.js';
import { LocalWorkers, type LocalWorkersOptions } from './local-workers.js';
import { Members, type Member } from './members.js';
import { Places } from './places.js';
import { SharedPlace } from './shared-place.js';

/** Where workers come from. */
export interface WorkerHubOptions {
  /** HOST:PORT that workers dial; port 0 for any. */
  readonly address: string;
  readonly security: TransportSecurity;
  /** What workers are told that they serve: a run, or a coordinator. */
  readonly name: string;
  /** A worker from which nothing came for so long is lost. */
  readonly leaseMs: number;
  /** Workers that are started on this machine; null for none. */
  readonly localWorkers: Pick<LocalWorkersOptions, 'count' | 'args' | 'command' | 'environment'> | null;
  /** How many jobs may use the workers at a time. */
  readonly jobs: number;
  /** Told of workers that come, go and are refused. */
  readonly onEvent: (event: FleetEvent) => void;
  /** Told once all workers of this machine have been given up. */
  readonly onLocalWorkersFailed: (error: LocopropError) => void;
}

/** The workers that dial in here, for one job after the other, or for several at a time. */
export class WorkerHub {
  readonly #options: WorkerHubOptions;
  readonly #listeners = new Set<(event: FleetEvent) => void>();
  readonly #places = new Places();
  #members: Members | null = null;
  #local: LocalWorkers | null = null;
  #localFailed = false;

  private constructor(options: WorkerHubOptions) {
    this.#options = options;
  }

  /** @throws LocopropError CLUSTER_LISTEN_FAILED, CLUSTER_ADDRESS_INVALID */
  static async open(options: WorkerHubOptions): Promise<WorkerHub> {
    const hub = new WorkerHub(options);
    const { address, security, name, leaseMs, localWorkers } = options;
    hub.#members = await Members.open({
      address,
      security,
      job: name,
      leaseMs,
      places: hub.#places,
      emit: (event) => hub.#tell(event),
    });
    if (localWorkers) {
      hub.#local = new LocalWorkers({
        ...localWorkers,
        address: dialled(hub.address),
        onRestart: (restart) => hub.#tell({ type: 'worker.restarted', ...restart }),
        onFailed: (error) => {
          hub.#localFailed = true;
          options.onLocalWorkersFailed(error);
        },
      });
    }
    return hub;
  }

  /** Where it listens, with the port that it got. */
  get address(): string {
    return this.#members!.address;
  }

  /** The workers that are there. */
  get members(): readonly Member[] {
    return this.#members!.all;
  }

  /** Workers of this machine, which are there or on their way. */
  get expected(): number {
    return this.#localFailed ? 0 : (this.#options.localWorkers?.count ?? 0);
  }

  /** @returns what ends the subscription */
  subscribe(listener: (event: FleetEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The workers as places of a job, until `signal` is aborted. */
  placesFor(job: string, signal: AbortSignal): Places {
    const { jobs } = this.#options;
    return this.#places.mirror((place) => {
      const member = this.#members!.of(place);
      if (!member) return place;
      const onUnloaded = (): void => this.#members!.dismissIdle();
      return new SharedPlace(place, { job, jobs, held: member.held, history: member.history, onUnloaded });
    }, signal);
  }

  /**
   * Ends all connections and the workers of this machine.
   * @param runEnded whether workers that wait for the end of their run shall end too
   */
  async close(reason: string, runEnded: boolean): Promise<void> {
    this.#local?.letEnd();
    await this.#members?.close(reason, runEnded);
    await this.#local?.close();
  }

  #tell(event: FleetEvent): void {
    this.#options.onEvent(event);
    for (const listener of this.#listeners) listener(event);
  }
}

/** An address of this machine's own where the coordinator listens on all. */
const dialled = (address: string): string =>
  address.replace(/^0\.0\.0\.0:/, '127.0.0.1:').replace(/^\[::\]:/, '[::1]:');
