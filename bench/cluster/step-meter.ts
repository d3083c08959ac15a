import type { LayerPool } from '../../coordinator/pool/layer-pool.js';
import { deferred, type Deferred } from '../../coordinator/pool/deferred.js';
import type { MeteredEngine } from './metered-engine.js';
import type { MeteredPool } from './metered-pool.js';

/** What a step took, in seconds. */
export interface MeasuredStep {
  /** From the commit before to its own. */
  readonly seconds: number;
  /** From the first problem that left to the last weights that came home. */
  readonly solveSeconds: number;
  /** The coordinator's engine computing: forward pass, loss, D and R⁰. */
  readonly coordinatorSeconds: number;
  readonly workers: readonly { readonly worker: string; readonly solving: number; readonly bytes: number }[];
}

/** Has a training pause between measurements, and measures steps from commit to commit. */
export class StepMeter {
  readonly #engine: MeteredEngine;
  readonly #pool: MeteredPool;
  readonly #start: Deferred<void> = deferred();
  #measured: MeasuredStep[] = [];
  #wanted = 0;
  #unmeasured = 0;
  #done: Deferred<readonly MeasuredStep[]> = deferred();
  #resume: Deferred<void> = this.#start;
  #lastMs = 0;
  #lastEngine = 0;

  constructor(engine: MeteredEngine, pool: MeteredPool) {
    this.#engine = engine;
    this.#pool = pool;
  }

  /** Resolves when the first steps are asked for. */
  get allowed(): Promise<void> {
    return this.#start.promise;
  }

  /** @param unmeasured steps before those, at least one: of the first, some was made before the pause */
  steps(count: number, unmeasured: number): Promise<readonly MeasuredStep[]> {
    this.#measured = [];
    this.#unmeasured = unmeasured;
    this.#wanted = count + unmeasured;
    this.#done = deferred();
    this.#resume.resolve();
    return this.#done.promise;
  }

  /** The trainer goes on once this resolves. */
  async stepDone({ seconds }: { readonly seconds: number }): Promise<void> {
    const nowMs = performance.now();
    const sinceLast = (nowMs - this.#lastMs) / 1000;
    this.#measured.push({
      seconds: sinceLast,
      solveSeconds: this.#pool.solveSeconds,
      coordinatorSeconds: this.#engine.seconds - this.#lastEngine,
      workers: workersOf(this.#pool, seconds),
    });
    this.#lastMs = nowMs;
    this.#lastEngine = this.#engine.seconds;
    if (this.#measured.length < this.#wanted) return;
    this.#resume = deferred();
    this.#done.resolve(this.#measured.slice(this.#unmeasured));
    await this.#resume.promise;
  }
}

const workersOf = (pool: LayerPool, seconds: number): MeasuredStep['workers'] =>
  (pool.workerMetrics([seconds])?.workers ?? []).map(({ worker, busy, bytes }) => ({
    worker,
    solving: busy * seconds,
    bytes,
  }));
