import { messageOf } from '../core/errors/message.js';
import { batchesPerEpoch, batchSizeOf, requireWidths } from '../core/batches.js';
import type { Dataset, DataSplit } from '../core/dataset.js';
import { LocopropError } from '../core/errors/error.js';
import type { RunEventBody, RunOutcome } from '../core/events.js';
import type { Parts } from '../core/parts/registry.js';
import type { JobSpec } from '../core/spec/job-spec.js';
import type { LayerState, Position } from '../core/state.js';
import type { Engine } from '../engine/engine.js';
import { startEngine } from '../engine/engines.js';
import type { NetworkRule } from '../engine/sweep.js';
import { loadDataset } from '../services/datasets/load.js';
import { readInitialWeights } from '../services/store/initial-weights.js';
import type { LoadedCheckpoint } from '../services/store/checkpoints.js';
import type { Run } from '../services/store/run.js';
import type { JoinCluster } from './cluster/cluster.js';
import { initialStates } from './initial-state.js';
import { buildNetwork } from './network.js';
import type { LayerPool } from './pool/layer-pool.js';
import { LocalPool } from './pool/local-pool.js';
import { whyNoWorkers } from '../core/spec/why-no-workers.js';
import { START, Trainer, type Progress, type RunRecorder, type TrainerOptions } from './trainer.js';

/** A job and what it needs from its surroundings. */
export interface Job {
  readonly spec: JobSpec;
  readonly parts: Parts;
  /** Where relative paths of the spec start. */
  readonly directory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface RunJobOptions {
  readonly run: Run;
  /** Go on from the run's newest whole checkpoint, or begin it anew where it has saved none. */
  readonly resume: boolean;
  readonly stop: AbortSignal;
  /** Workers to solve the layers; without them the run's own engine does. */
  readonly cluster?: JoinCluster;
  /** Whether they, or others, compute on this machine too. */
  readonly sharesProcessors?: boolean;
  readonly onStep?: TrainerOptions['onStep'];
  /** Awaited before anything happens in the run, which has so many events. */
  readonly onBegin?: (events: number) => Promise<void>;
}

/** A network in training, for what is drawn and computed once it has ended. */
export interface FinishedRun {
  readonly outcome: RunOutcome;
  readonly engine: Engine;
  readonly network: NetworkRule;
  readonly states: readonly LayerState[];
  readonly train: Dataset;
  readonly test: Dataset | null;
}

/** The training or test data of a job; null where it has no test data. */
async function loadData({ spec, directory, environment }: Job, split: DataSplit): Promise<Dataset | null> {
  const source = split === 'train' ? spec.data.train : spec.data.test;
  if (!source) return null;
  const { targets } = spec.data;
  return loadDataset(source, { directory, environment, split, targets, seed: spec.seed });
}

/**
 * Runs a job to its end: loads its data, starts its engine and trains. What happens is in the run's
 * events; `use` gets the trained network before the engine is closed.
 * @throws LocopropError; the event run.ended tells of it too
 */
export async function runJob(
  job: Job,
  options: RunJobOptions,
  use: (finished: FinishedRun) => Promise<void>,
): Promise<RunOutcome> {
  const { run } = options;
  const loaded = options.resume ? await run.resume() : null;
  await options.onBegin?.(run.events.last);
  const begun = loaded ? progressOf(loaded) : START;
  let trainer: Trainer | null = null;
  let ended = false;
  try {
    const { spec } = job;
    const train = (await loadData(job, 'train'))!;
    const test = await loadData(job, 'test');
    const batch = batchSizeOf(spec.training, train);
    const network = buildNetwork(spec, job.parts, train.features, batch);
    const widths = { inputs: train.features, outputs: network.layers.at(-1)!.units };
    for (const dataset of test ? [train, test] : [train]) requireWidths(dataset, spec.data.targets, widths);

    const { sharesProcessors = false } = options;
    const engine = await startEngine(spec.engine.name, spec.engine.threads, { sharesProcessors });
    try {
      const states = loaded?.state.layers ?? (await startingStates(job, network));
      await announce(run, { spec, network, engine, train, progress: begun, loaded });
      const pooled = { spec, engine, network, states, progress: begun, batch };
      const { pool, close } = await openPool(options, pooled);
      try {
        trainer = new Trainer(
          {
            spec,
            network,
            engine,
            pool,
            train,
            test,
            recorder: recorderOf(run),
            ...trainerOptionsOf(options),
          },
          begun,
        );
        const outcome = await trainer.run();
        const last = await pool.states();
        await end(run, trainer.position, outcome, null);
        ended = true;
        await use({ outcome, engine, network, states: last, train, test });
        return outcome;
      } finally {
        await close();
      }
    } finally {
      await engine.close();
    }
  } catch (cause) {
    const { stop } = options;
    const stopped = stop.aborted && cause === stop.reason;
    const { position } = trainer ?? begun;
    const error = stopped ? waitedInVain(run, position) : cause;
    const reason = messageOf(error);
    // The store may be what failed: then the failure itself is reported, not that it was not recorded.
    if (!ended) await Promise.allSettled([end(run, position, stopped ? 'stopped' : 'failed', reason)]);
    throw error;
  }
}

const waitedInVain = ({ location: directory }: Run, { step }: Position): LocopropError =>
  new LocopropError('RUN_STOPPED_WAITING', { directory, step });

const trainerOptionsOf = ({ stop, onStep }: RunJobOptions): Pick<TrainerOptions, 'stop' | 'onStep'> => ({
  stop,
  ...(onStep && { onStep }),
});

interface PoolNeeds {
  readonly spec: JobSpec;
  readonly engine: Engine;
  readonly network: NetworkRule;
  readonly states: readonly LayerState[];
  readonly progress: Progress;
  /** Examples of a batch. */
  readonly batch: number;
}

/** Where the layers are solved: on workers where the run has them and they have something to do. */
async function openPool(
  { run, stop, cluster }: RunJobOptions,
  { spec, engine, network, states, progress, batch }: PoolNeeds,
): Promise<{ readonly pool: LayerPool; readonly close: () => Promise<void> }> {
  const emit = (event: RunEventBody): void => {
    // A log that cannot be written to fails the trainer's own next event, and so the run.
    run.events.emit(event).catch(() => undefined);
  };
  const { step } = progress.position;
  const reason = whyNoWorkers(spec);
  if (cluster && reason !== null) emit({ type: 'run.alone', step, reason });
  if (!cluster || reason !== null) {
    const objective = spec.training.algorithm === 'locoprop';
    const pool = await LocalPool.create(engine, network.layers, states, { objective });
    return { pool, close: () => pool.close() };
  }
  return cluster({
    name: spec.name,
    spec,
    engine,
    network,
    states,
    step,
    batch,
    stop,
    emit,
  });
}

const progressOf = ({ state, file }: LoadedCheckpoint): Progress => ({
  position: state.position,
  trainSeconds: state.trainSeconds,
  bestLoss: state.bestLoss,
  checkpoint: file,
  ...(state.gradientMeans && { gradientMeans: state.gradientMeans }),
});

const recorderOf = (run: Run): RunRecorder => ({
  location: run.location,
  get lastEvent() {
    return run.events.last;
  },
  emit: async (event) => {
    await run.events.emit(event);
  },
  saveCheckpoint: (state, best) => run.saveCheckpoint(state, best),
});

/** The layers of a new run: drawn from the seed, or the weights that the spec names with fresh slots. */
async function startingStates({ spec }: Job, { layers }: NetworkRule): Promise<LayerState[]> {
  const drawn = initialStates(spec, layers);
  if (spec.initialWeights === null) return drawn;
  const { layers: given } = await readInitialWeights(spec.initialWeights, layers);
  return drawn.map((state, layer) => ({ ...state, ...given[layer]! }));
}

async function announce(
  run: Run,
  {
    spec,
    network,
    engine,
    train,
    progress,
    loaded,
  }: {
    readonly spec: JobSpec;
    readonly network: NetworkRule;
    readonly engine: Engine;
    readonly train: Dataset;
    readonly progress: Progress;
    readonly loaded: LoadedCheckpoint | null;
  },
): Promise<void> {
  for (const { file, reason } of loaded?.damaged ?? []) {
    await run.events.emit({ type: 'checkpoint.damaged', file, reason });
  }
  await run.events.emit({
    type: 'run.started',
    job: spec.name,
    engine: engine.info.name,
    engineDescription: engine.info.description,
    threads: engine.info.threads,
    parameters: network.layers.reduce((total, { inputs, units }) => total + (inputs + 1) * units, 0),
    trainExamples: train.examples,
    stepsPerEpoch: batchesPerEpoch(train.examples, batchSizeOf(spec.training, train)),
    epochs: Math.min(spec.training.stopAfterEpochs ?? Infinity, spec.training.epochs),
    step: progress.position.step,
  });
}

async function end(
  run: Run,
  { step, epoch }: Position,
  outcome: RunOutcome,
  reason: string | null,
): Promise<void> {
  await run.events.emit({ type: 'run.ended', outcome, step, epoch, reason });
}
