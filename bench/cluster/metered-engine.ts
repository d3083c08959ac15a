import type { Call, Engine, Result } from '../../engine/engine.js';

/** An engine that adds up how long it computes. */
export class MeteredEngine implements Engine {
  readonly #engine: Engine;
  #seconds = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** In which the engine was busy with routines. */
  get seconds(): number {
    return this.#seconds;
  }

  get info(): Engine['info'] {
    return this.#engine.info;
  }

  async run(call: Call): Promise<Result> {
    const result = await this.#engine.run(call);
    this.#seconds += result.seconds;
    return result;
  }

  readonly upload: Engine['upload'] = (matrix) => this.#engine.upload(matrix);
  readonly download: Engine['download'] = (tensor) => this.#engine.download(tensor);
  readonly release: Engine['release'] = (tensors) => this.#engine.release(tensors);
  readonly statistics: Engine['statistics'] = () => this.#engine.statistics();
  readonly abandon: Engine['abandon'] = (reason) => this.#engine.abandon(reason);
  readonly close: Engine['close'] = () => this.#engine.close();
}
