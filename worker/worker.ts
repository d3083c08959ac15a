import { hostname } from 'node:os';
import { LocopropError } from '../core/errors/error.js';
import type { Engine } from '../engine/engine.js';
import { measureSpeed } from '../engine/speed.js';
import { resolveAddresses, type Candidate } from '../services/rpc/addresses.js';
import { PROTOCOL, type Hello } from '../services/rpc/messages.js';
import { dial } from '../services/rpc/worker-client.js';
import type { TransportSecurity } from '../services/security/transport-security.js';
import { BackOff, pause } from '../services/time/back-off.js';
import type { RecordEvent } from '../services/telemetry/worker-events.js';
import { Parts } from './parts.js';
import { Programs } from './programs.js';
import { Session } from './session.js';
import type { SessionEnd } from './session-options.js';

export interface WorkerOptions {
  readonly engine: Engine;
  /** HOST:PORT of coordinators, tried in turn. */
  readonly addresses: readonly string[];
  readonly security: TransportSecurity;
  readonly name: string;
  /** The software's. */
  readonly version: string;
  /** Bytes that parts may take. */
  readonly memoryBytes: number;
  /** End with the first run that ends, instead of waiting for the next. */
  readonly once: boolean;
  /** How long a worker that is asked to stop goes on serving the parts that it has. */
  readonly drainMs: number;
  /** How long the engine may go on with a computation that nobody waits for any more; a minute. */
  readonly patienceMs?: number;
  /** Asks it to stop. */
  readonly stop: AbortSignal;
  readonly record: RecordEvent;
}

/** What a worker has done. */
export interface WorkerSummary {
  readonly name: string;
  /** Runs that have ended while it was their member. */
  readonly runs: number;
  readonly solves: number;
  /** In which the engine was solving. */
  readonly busySeconds: number;
}

/** The worker's name where none is given. */
export const defaultName = (): string => `${hostname()}-${process.pid}`;

/**
 * Serves one run after the other until it is asked to stop.
 *
 * @throws LocopropError for what dialling again does not help: CLUSTER_TOKEN_REFUSED,
 * CLUSTER_PROTOCOL_MISMATCH, CLUSTER_ADDRESS_INVALID, ENGINE_LOST
 */
export async function runWorker(options: WorkerOptions): Promise<WorkerSummary> {
  const { engine, name, version, memoryBytes, record } = options;
  const gflops = await measureSpeed(engine);
  const { name: engineName, description: engineDescription, threads } = engine.info;
  const described = { engine: engineName, engineDescription, threads };
  record({ type: 'worker.started', name, ...described, memoryBytes, gflops });
  const worker = new Worker(options, {
    protocol: PROTOCOL,
    name,
    version,
    host: hostname(),
    pid: process.pid,
    ...described,
    memoryBytes,
    gflops,
  });
  await worker.run();
  const { runs, solves, busySeconds } = worker;
  record({ type: 'worker.ended', runs, solves, busySeconds });
  return { name, runs, solves, busySeconds };
}

class Worker {
  readonly #options: WorkerOptions;
  readonly #hello: Hello;
  readonly #programs = new Programs();
  readonly #backOff = new BackOff();
  /** Why a coordinator could not be reached, by address. */
  readonly #told = new Map<string, string>();
  runs = 0;
  solves = 0;
  busySeconds = 0;

  constructor(options: WorkerOptions, hello: Hello) {
    this.#options = options;
    this.#hello = hello;
  }

  async run(): Promise<void> {
    const { stop } = this.#options;
    while (!this.#isOver()) {
      for (const candidate of await this.#candidates()) {
        if (this.#isOver()) return;
        await this.#serve(candidate);
      }
      if (!this.#isOver()) await pause(this.#backOff.next(), stop);
    }
  }

  #isOver(): boolean {
    const { stop, once } = this.#options;
    return stop.aborted || (once && this.runs > 0);
  }

  /** Names are looked up anew each time: a coordinator may come back elsewhere. */
  async #candidates(): Promise<Candidate[]> {
    const { addresses } = this.#options;
    try {
      return await resolveAddresses(addresses);
    } catch (error) {
      if (!(error instanceof LocopropError) || error.code !== 'CLUSTER_UNREACHABLE') throw error;
      this.#recordFailure('worker.unreachable', addresses.join(), this.#hello.name, error);
      return [];
    }
  }

  async #serve(candidate: Candidate): Promise<void> {
    const { engine, memoryBytes, patienceMs, security, drainMs, stop, record } = this.#options;
    const parts = new Parts(engine, { programs: this.#programs, memoryBytes, patienceMs });
    const session = new Session({
      address: candidate.address,
      hello: this.#hello,
      parts,
      drainMs,
      record,
      dial: (receiver, signal) => dial({ ...candidate, security, receiver, signal }),
    });
    const leave = (): void => session.leave('it was asked to stop');
    stop.addEventListener('abort', leave);
    const end = await session.ended;
    stop.removeEventListener('abort', leave);
    this.solves += parts.solves;
    this.busySeconds += parts.busySeconds;
    if (session.joined) {
      this.#backOff.reset();
      this.#told.clear();
    }
    this.#conclude(end, session, candidate.address);
    // A worker whose engine is lost ends, and is started anew by whoever started it.
    await engine.statistics();
  }

  #conclude(end: SessionEnd, { joined, worker }: Session, coordinator: string): void {
    switch (end.kind) {
      case 'dismissed': {
        const { reason, runEnded } = end;
        this.#options.record({ type: 'worker.dismissed', coordinator, worker, reason, runEnded });
        if (runEnded) this.runs++;
        break;
      }
      case 'broken':
        if (!isPassing(end.error)) throw end.error;
        this.#recordFailure(
          joined ? 'worker.disconnected' : 'worker.unreachable',
          coordinator,
          worker,
          end.error,
        );
        break;
      case 'left':
        break;
    }
  }

  #recordFailure(
    type: 'worker.disconnected' | 'worker.unreachable',
    coordinator: string,
    worker: string,
    { code, message: reason }: LocopropError,
  ): void {
    // A worker may wait for days: it says once why.
    if (type === 'worker.unreachable' && this.#told.get(coordinator) === reason) return;
    this.#told.set(coordinator, reason);
    this.#options.record({ type, coordinator, worker, code, reason });
  }
}

/** Codes of failures that come of the connection: the next one may be better. */
const passing: ReadonlySet<string> = new Set([
  'CLUSTER_UNREACHABLE',
  'CLUSTER_CHANNEL_CLOSED',
  'CLUSTER_TENSOR_CORRUPT',
  'CLUSTER_PEER_INVALID',
  'CLUSTER_WORKER_LOST',
  'CLUSTER_WORKER_REFUSED',
]);

const isPassing = (error: Error): error is LocopropError =>
  error instanceof LocopropError && passing.has(error.code);
