import { ClusterPool } from '../../coordinator/cluster/cluster-pool.js';
import { DEFAULT_LEASE_MS, Members } from '../../coordinator/cluster/members.js';
import { Places } from '../../coordinator/cluster/places.js';
import { initialStates } from '../../coordinator/initial-state.js';
import { buildNetwork } from '../../coordinator/network.js';
import { START, Trainer } from '../../coordinator/trainer.js';
import type { Dataset } from '../../core/dataset.js';
import type { RunEventBody } from '../../core/events.js';
import { startEngine } from '../../engine/engines.js';
import { measureSpeed } from '../../engine/speed.js';
import { plainText } from '../../services/security/transport-security.js';
import type { Autoencoder } from '../autoencoder.js';
import { MeteredEngine } from './metered-engine.js';
import { MeteredPool } from './metered-pool.js';
import { StepMeter, type MeasuredStep } from './step-meter.js';
import { metLater } from '../../coordinator/pool/met-later.js';

export interface ClusterChoice {
  readonly job: Autoencoder;
  readonly data: Dataset;
  /** Of the coordinator's engine. */
  readonly threads: number;
  /** Starts workers that dial this address. */
  readonly startWorkers: (address: string) => Closable[] | Promise<Closable[]>;
  /** How many workers to wait for. */
  readonly workers: number;
}

export interface Closable {
  close(): Promise<void>;
}

type Plan = Extract<RunEventBody, { type: 'plan.made' }>;

/** Training by the trainer of real runs, on workers that are processes of their own. */
export class ClusterTraining {
  readonly #closing: (() => Promise<unknown>)[] = [];
  readonly #stop = new AbortController();
  #meter: StepMeter | null = null;
  #run: Promise<unknown> | null = null;
  #plan: Plan | null = null;

  private constructor() {}

  /** Waits until all workers have joined. */
  static async open(choice: ClusterChoice): Promise<ClusterTraining> {
    const training = new ClusterTraining();
    try {
      await training.#open(choice);
      return training;
    } catch (error) {
      await training.close();
      throw error;
    }
  }

  async #open({ job, data, threads, startWorkers, workers }: ClusterChoice): Promise<void> {
    const { spec, parts, widths } = job;
    const own = await startEngine('auto', threads);
    this.#closing.unshift(() => own.close());
    const gflops = await measureSpeed(own);
    const engine = new MeteredEngine(own);
    const places = new Places();
    const emit = (event: RunEventBody): void => {
      if (event.type === 'plan.made') this.#plan = event;
    };
    const members = await Members.open({
      address: '127.0.0.1:0',
      security: plainText,
      job: spec.name,
      leaseMs: DEFAULT_LEASE_MS,
      places,
      emit,
    });
    this.#closing.unshift(() => members.close('the run has ended', true));
    const processes = await startWorkers(members.address);
    this.#closing.unshift(() => Promise.all(processes.map((process) => process.close())));
    while (places.open.length < workers) await places.nextChange(this.#stop.signal);

    const network = buildNetwork(spec, parts, widths[0]!);
    const pool = new MeteredPool(
      await ClusterPool.create({
        engine,
        rules: network.layers,
        states: initialStates(spec, network.layers),
        step: 0,
        batch: spec.training.batchSize,
        wire: spec.cluster.wire,
        objective: true,
        places,
        gflops,
        expected: workers,
        emit,
        stop: this.#stop.signal,
      }),
    );
    this.#closing.unshift(() => pool.close());
    this.#train(new StepMeter(engine, pool), { spec, network, engine, pool, train: data });
  }

  #train(
    meter: StepMeter,
    options: Omit<ConstructorParameters<typeof Trainer>[0], 'test' | 'recorder' | 'stop'>,
  ): void {
    this.#meter = meter;
    const trainer = new Trainer(
      {
        ...options,
        test: null,
        stop: this.#stop.signal,
        recorder: {
          lastEvent: 0,
          emit: (event) => (event.type === 'step.done' ? meter.stepDone(event) : Promise.resolve()),
          saveCheckpoint: () => Promise.resolve('none'),
        },
      },
      START,
    );
    this.#run = metLater(meter.allowed.then(() => trainer.run()));
  }

  /** The plan in force. */
  get plan(): Plan {
    return this.#plan!;
  }

  /** Measures so many steps in a row, after some that are not measured. */
  async steps(count: number, unmeasured = 1): Promise<readonly MeasuredStep[]> {
    const ended = this.#run!.then(() => {
      throw new RangeError('the training has come to its end');
    });
    return Promise.race([this.#meter!.steps(count, unmeasured), ended]);
  }

  /** Ends the workers at once; what is still on its way is lost. */
  async close(): Promise<void> {
    this.#stop.abort();
    for (const close of this.#closing) await close();
  }
}
