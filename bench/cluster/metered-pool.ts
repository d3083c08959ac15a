import type { LayerPool, LayerReport, PlacedProblem } from '../../coordinator/pool/layer-pool.js';

/** A pool that tells when problems leave and solutions are home. */
export class MeteredPool implements LayerPool {
  readonly #pool: LayerPool;
  #firstLeftMs = 0;
  #lastHomeMs = 0;
  #open = false;

  constructor(pool: LayerPool) {
    this.#pool = pool;
  }

  /** From the first problem of the last step to the last weights of it. */
  get solveSeconds(): number {
    return (this.#lastHomeMs - this.#firstLeftMs) / 1000;
  }

  get concurrent(): boolean {
    return this.#pool.concurrent;
  }

  async solve(problem: PlacedProblem): Promise<LayerReport> {
    if (!this.#open) this.#firstLeftMs = performance.now();
    this.#open = true;
    const report = await this.#pool.solve(problem);
    this.#lastHomeMs = performance.now();
    return report;
  }

  commit(): Promise<void> {
    this.#open = false;
    return this.#pool.commit();
  }

  readonly parameters: LayerPool['parameters'] = (layer) => this.#pool.parameters(layer);
  readonly swept: LayerPool['swept'] = () => this.#pool.swept();
  readonly settle: LayerPool['settle'] = (layer, accepted) => this.#pool.settle(layer, accepted);
  readonly workerMetrics: LayerPool['workerMetrics'] = (seconds) => this.#pool.workerMetrics(seconds);
  readonly states: LayerPool['states'] = () => this.#pool.states();
  readonly close: LayerPool['close'] = () => this.#pool.close();
}
