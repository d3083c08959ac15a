import type { Dataset } from '../core/dataset.js';
import { initialStates } from '../coordinator/initial-state.js';
import { buildNetwork } from '../coordinator/network.js';
import { LocalPool } from '../coordinator/pool/local-pool.js';
import { START, Trainer, type StepTimes, type TrainerOptions } from '../coordinator/trainer.js';
import type { Engine } from '../engine/engine.js';
import type { Autoencoder } from './autoencoder.js';

/** What a step's time went to, in seconds. */
export type { StepTimes };

/** Training by the trainer of real runs that makes a step only when it is told to. */
export class SteppedTraining {
  readonly #pool: LocalPool;
  readonly #stop = new AbortController();
  readonly #times: StepTimes[] = [];
  readonly #start: () => Promise<unknown>;
  #run: Promise<unknown> | null = null;
  #leaveStep: () => void = () => undefined;
  #tellSeconds: (seconds: number) => void = () => undefined;

  private constructor(
    pool: LocalPool,
    options: Omit<TrainerOptions, 'recorder' | 'stop' | 'onStep' | 'pool'>,
  ) {
    this.#pool = pool;
    const trainer = new Trainer(
      {
        ...options,
        pool,
        stop: this.#stop.signal,
        onStep: (times) => this.#times.push(times),
        recorder: {
          lastEvent: 0,
          // The trainer goes on once its event is recorded.
          emit: (event) => (event.type === 'step.done' ? this.#pause(event.seconds) : Promise.resolve()),
          saveCheckpoint: () => Promise.resolve('none'),
        },
      },
      START,
    );
    this.#start = () => trainer.run();
  }

  /** @param train as many examples as the steps to be made, and one more batch */
  static async create(
    engine: Engine,
    { spec, parts, widths }: Autoencoder,
    train: Dataset,
  ): Promise<SteppedTraining> {
    const network = buildNetwork(spec, parts, widths[0]!);
    const pool = await LocalPool.create(engine, network.layers, initialStates(spec, network.layers), {
      objective: true,
    });
    return new SteppedTraining(pool, { spec, network, engine, train, test: null });
  }

  /** Makes one step; returns its seconds, as a run's metrics count them. */
  async step(): Promise<number> {
    const told = new Promise<number>((resolve) => {
      this.#tellSeconds = resolve;
    });
    this.#leaveStep();
    this.#run ??= this.#start();
    const ended = this.#run.then(() => {
      throw new RangeError('the training has come to its end');
    });
    return Promise.race([told, ended]);
  }

  /** Ends the training; returns what the time of each step went to. */
  async end(): Promise<readonly StepTimes[]> {
    this.#stop.abort();
    this.#leaveStep();
    await this.#run;
    await this.#pool.close();
    return this.#times;
  }

  #pause(seconds: number): Promise<void> {
    this.#tellSeconds(seconds);
    return new Promise((resolve) => {
      this.#leaveStep = resolve;
    });
  }
}
