import { batchesPerEpoch, batchSizeOf } from '../core/batches.js';
import { LocopropError } from '../core/errors/error.js';
import type { Confusion, EpochMetrics, RunEventBody } from '../core/events.js';
import type { Dataset } from '../core/dataset.js';
import { GENERATOR } from '../core/random.js';
import { epochFactor } from '../core/schedules.js';
import type { JobSpec } from '../core/spec/job-spec.js';
import type { Position, RunState } from '../core/state.js';
import type { Engine } from '../engine/engine.js';
import { releaseActivations, type NetworkRule } from '../engine/sweep.js';
import { BatchSource, type Batch } from './batch-source.js';
import { EpochStatistics } from './epoch-metrics.js';
import { evaluate, type Evaluation, type TrainedNetwork } from './evaluation.js';
import { GradientMeans } from './gradient-means.js';
import type { GuardIncident } from './guard.js';
import type { LayerPool } from './pool/layer-pool.js';
import { metLater } from './pool/met-later.js';
import {
  LossNotFinite,
  stepForward,
  trainStep,
  type Forwarded,
  type StepPhases,
  type StepResult,
} from './step.js';
import { Stopwatch } from './stopwatch.js';

/** Where a trainer's events and checkpoints go. */
export interface RunRecorder {
  /** Where the run's files are, for messages; without it they are named as within the run. */
  readonly location?: string;
  /** Number of the last event. */
  readonly lastEvent: number;
  emit(event: RunEventBody): Promise<void>;
  /** Returns the name of the checkpoint's file. */
  saveCheckpoint(state: RunState, best: boolean): Promise<string>;
}

/** What a run has come to: the part of RunState that is no layer's, and the checkpoint that it is of. */
export interface Progress extends Pick<RunState, 'position' | 'trainSeconds' | 'bestLoss' | 'gradientMeans'> {
  /** Its file within the run; null where there is none yet. */
  readonly checkpoint: string | null;
}

export const START: Progress = {
  position: { step: 0, epoch: 0, batch: 0 },
  trainSeconds: 0,
  bestLoss: null,
  checkpoint: null,
};

export interface TrainerOptions {
  readonly spec: JobSpec;
  readonly network: NetworkRule;
  readonly engine: Engine;
  readonly pool: LayerPool;
  readonly train: Dataset;
  readonly test: Dataset | null;
  readonly recorder: RunRecorder;
  /** Ends the run after the step in hand, with a checkpoint. */
  readonly stop: AbortSignal;
  /** Told what each step's time went to. */
  readonly onStep?: (times: StepTimes) => void;
}

/** What a step's time went to, in seconds. */
export interface StepTimes extends StepPhases {
  /** Waiting for the batch. */
  readonly data: number;
  readonly total: number;
}

/** Trains a network from where it stands to the end of its schedule. */
export class Trainer {
  readonly #options: TrainerOptions;
  readonly #batches: BatchSource;
  readonly #epochs: number;
  #position: Position;
  #trainSeconds: number;
  #bestLoss: number | null;
  #statistics: EpochStatistics;
  #lastCheckpoint: string | null;
  #checkpointStep = -1;
  /** The next step's forward pass, where it has begun already. */
  #ahead: Promise<Forwarded> | null = null;
  /** Those that the run starts from, until it does. */
  readonly #startingMeans: RunState['gradientMeans'];
  #gradientMeans: GradientMeans | null = null;

  constructor(options: TrainerOptions, from: Progress) {
    const { spec, engine, train, network } = options;
    this.#options = options;
    this.#position = from.position;
    this.#trainSeconds = from.trainSeconds;
    this.#bestLoss = from.bestLoss;
    this.#lastCheckpoint = from.checkpoint;
    this.#startingMeans = from.gradientMeans;
    this.#epochs = Math.min(spec.training.stopAfterEpochs ?? Infinity, spec.training.epochs);
    this.#statistics = new EpochStatistics(network.layers.length);
    this.#batches = new BatchSource({
      engine,
      dataset: train,
      targets: spec.data.targets,
      batchSize: batchSizeOf(spec.training, train),
      seed: spec.seed,
    });
  }

  get position(): Position {
    return this.#position;
  }

  /**
   * Trains until the end or until it is told to stop; either way the last state is in a checkpoint.
   * @throws LocopropError TRAINING_DIVERGED; the checkpoints are of steps before. TRAINING_STUCK
   */
  async run(): Promise<'completed' | 'stopped'> {
    const { engine, network } = this.#options;
    this.#gradientMeans = await GradientMeans.create(engine, network.layers, this.#startingMeans);
    try {
      return await this.#train();
    } finally {
      this.#gradientMeans?.close();
    }
  }

  async #train(): Promise<'completed' | 'stopped'> {
    const { stop } = this.#options;
    let batch = this.#load(this.#position);
    while (this.#position.epoch < this.#epochs) {
      if (stop.aborted) {
        await this.#discard(batch);
        await this.#saveCheckpoint(false);
        return 'stopped';
      }
      const watch = new Stopwatch();
      const own = await batch!;
      const data = watch.lap();
      const { epoch } = this.#position;
      const next = this.#batches.next(this.#position);
      // The next batch is gathered while the engine is busy with this one.
      const following = this.#load(next);
      // Across the end of an epoch there may be an evaluation, whose time is not the training's.
      const ahead = this.#options.pool.concurrent && next.epoch === epoch ? following : null;
      const forward = this.#ahead ?? stepForward(own, this.#options);
      this.#ahead = null;
      const step = await this.#step(own, forward, () => {
        this.#ahead = ahead && this.#forwardAhead(ahead);
      });
      this.#batches.release(own);
      batch = following;
      const seconds = data + watch.lap();
      await this.#afterStep(next, step, own.inputs.rows, { ...step.phases, data, total: seconds });
      if (next.epoch > epoch) await this.#endEpoch();
      else await this.#checkpointBetween();
    }
    await this.#saveCheckpoint(false);
    return 'completed';
  }

  /** The batch of a position; null after the last epoch. A failure is met by whoever awaits it. */
  #load(position: Position): Promise<Batch> | null {
    if (position.epoch >= this.#epochs) return null;
    return metLater(this.#batches.load(position));
  }

  #forwardAhead(batch: Promise<Batch>): Promise<Forwarded> {
    return metLater(batch.then((loaded) => stepForward(loaded, this.#options)));
  }

  /** Releases what was made for a step that is not to be. */
  async #discard(batch: Promise<Batch> | null): Promise<void> {
    if (this.#ahead) releaseActivations(this.#options.engine, (await this.#ahead).activations);
    if (batch) this.#batches.release(await batch);
  }

  async #step(batch: Batch, forward: Promise<Forwarded>, onSwept: () => void): Promise<StepResult> {
    const { spec } = this.#options;
    const { epoch, step } = this.#position;
    const incidents: GuardIncident[] = [];
    try {
      const result = await trainStep(batch, forward, {
        ...this.#options,
        guard: { ...spec.guard, enabled: spec.guard.enabled && spec.training.algorithm === 'locoprop' },
        step: step + 1,
        correction: spec.training.correction,
        gradientMeans: this.#gradientMeans,
        seed: spec.seed,
        rateFactor: epochFactor(spec.training.schedule, epoch, spec.training.epochs),
        onIncident: (incident) => incidents.push(incident),
        onSwept,
      });
      this.#statistics.addStep(result.reports);
      for (const incident of incidents) await this.#reportIncident(incident);
      return result;
    } catch (error) {
      if (!(error instanceof LossNotFinite)) throw error;
      const where = error.layer === null ? '' : `; the outputs of layer ${error.layer + 1} were the first`;
      throw this.#diverged('batch loss', { step: step + 1, epoch: epoch + 1 }, where);
    }
  }

  async #reportIncident(incident: GuardIncident): Promise<void> {
    const { layer, attempt, learningRateFactor, report, redone } = incident;
    this.#statistics.addIncident(incident);
    const { objectiveBefore, objectiveAfter } = report;
    await this.#options.recorder.emit({
      type: redone ? 'guard.redone' : 'guard.gave-up',
      step: this.#position.step + 1,
      layer: layer + 1,
      attempt,
      learningRateFactor,
      objectiveBefore,
      objectiveAfter,
    });
  }

  async #afterStep(next: Position, { loss }: StepResult, examples: number, times: StepTimes): Promise<void> {
    const { epoch } = this.#position;
    this.#trainSeconds += times.total;
    this.#statistics.stepSeconds.push(times.total);
    this.#position = next;
    const { total: seconds, ...phases } = times;
    await this.#options.recorder.emit({
      type: 'step.done',
      epoch: epoch + 1,
      step: next.step,
      loss,
      examples,
      seconds,
      phases,
    });
    this.#options.onStep?.(times);
  }

  async #checkpointBetween(): Promise<void> {
    const { everySteps } = this.#options.spec.checkpoints;
    if (everySteps !== null && this.#position.step % everySteps === 0) await this.#saveCheckpoint(false);
  }

  /**
   * Evaluates and saves at the end of an epoch, each where it is due. Where the guard has given up every problem of
   * the epoch, the next one would meet the same weights: the run ends.
   */
  async #endEpoch(): Promise<void> {
    const { spec, recorder, train } = this.#options;
    const { epoch } = this.#position;
    const stoodStill = this.#statistics.stoodStill(
      batchesPerEpoch(train.examples, batchSizeOf(spec.training, train)),
    );
    const last = epoch === this.#epochs;
    let best = false;
    if (last || epoch % spec.evaluation.everyEpochs === 0) {
      const { metrics, confusion } = await this.#measure();
      const loss = metrics.testLoss ?? metrics.trainLoss;
      if (!Number.isFinite(loss)) throw this.#diverged('evaluated loss', this.#position, '');
      best = this.#bestLoss === null || loss < this.#bestLoss;
      if (best) this.#bestLoss = loss;
      await recorder.emit({ type: 'epoch.done', ...metrics });
      if (confusion) await recorder.emit({ type: 'classes.counted', ...confusion });
    }
    this.#statistics = new EpochStatistics(this.#options.network.layers.length);
    if (last || best || stoodStill || epoch % spec.checkpoints.everyEpochs === 0)
      await this.#saveCheckpoint(best);
    else await this.#checkpointBetween();
    if (stoodStill) {
      throw new LocopropError('TRAINING_STUCK', { epoch, checkpoint: this.#lastCheckpoint! });
    }
  }

  async #measure(): Promise<{ metrics: EpochMetrics; confusion: Confusion | null }> {
    const { spec, train, test, network, pool, engine } = this.#options;
    const parameters = await Promise.all(network.layers.map((_, layer) => pool.parameters(layer)));
    const trained: TrainedNetwork = { engine, network, parameters };
    const onData = (dataset: Dataset, examples: number | null): Promise<Evaluation> =>
      evaluate(trained, dataset, {
        targets: spec.data.targets,
        batchSize: spec.evaluation.batchSize ?? spec.training.batchSize,
        examples,
      });
    const onTrain = await onData(train, spec.evaluation.trainExamples);
    const onTest = test && (await onData(test, spec.evaluation.testExamples));
    const { epoch, step } = this.#position;
    const cluster = pool.workerMetrics(this.#statistics.stepSeconds);
    const examples = step * batchSizeOf(spec.training, train);
    const counts = (onTest ?? onTrain).confusion;
    const confusion = counts && {
      epoch,
      step,
      data: onTest ? ('test' as const) : ('train' as const),
      counts,
    };
    const metrics = {
      epoch,
      step,
      trainLoss: onTrain.loss,
      testLoss: onTest?.loss ?? null,
      trainError: onTrain.meanSquaredError,
      testError: onTest?.meanSquaredError ?? null,
      trainAccuracy: onTrain.accuracy,
      testAccuracy: onTest?.accuracy ?? null,
      trainSeconds: this.#trainSeconds,
      examplesPerSecond: examples / this.#trainSeconds,
      layers: this.#statistics.metrics,
      ...(cluster && { cluster }),
    };
    return { metrics, confusion };
  }

  async #saveCheckpoint(best: boolean): Promise<void> {
    const { recorder, pool, spec } = this.#options;
    if (this.#checkpointStep === this.#position.step) return;
    const state: RunState = {
      position: this.#position,
      event: recorder.lastEvent,
      random: { generator: GENERATOR, seed: spec.seed },
      trainSeconds: this.#trainSeconds,
      bestLoss: this.#bestLoss,
      layers: await pool.states(),
      ...(this.#gradientMeans && { gradientMeans: await this.#gradientMeans.states() }),
    };
    const file = await recorder.saveCheckpoint(state, best);
    this.#lastCheckpoint = file;
    this.#checkpointStep = this.#position.step;
    await recorder.emit({ type: 'checkpoint.saved', step: this.#position.step, file, best });
  }

  #diverged(
    quantity: string,
    { step, epoch }: Pick<Position, 'step' | 'epoch'>,
    where: string,
  ): LocopropError {
    const { location } = this.#options.recorder;
    const file =
      this.#lastCheckpoint && [...(location === undefined ? [] : [location]), this.#lastCheckpoint].join('/');
    const start =
      file === null ? '' : `; to start from the last good weights, set its \`initialWeights\` to ${file}`;
    return new LocopropError('TRAINING_DIVERGED', { quantity, step, epoch, where, start });
  }
}
