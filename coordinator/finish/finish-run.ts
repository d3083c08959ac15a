import type { Dataset } from '../../core/dataset.js';
import type { Run } from '../../services/store/run.js';
import { isEventFile } from '../../services/tracking/tensorboard/event-files.js';
import type { JobSpec } from '../../core/spec/job-spec.js';
import { evaluate, type Evaluation, type TrainedNetwork } from '../evaluation.js';
import { initialStates } from '../initial-state.js';
import type { FinishedRun } from '../runner.js';
import { parameterTensors, uploadParameters } from '../trained-parameters.js';
import { pcaBaseline } from './baseline.js';
import { LOSS_CHART_FILE } from './loss-chart.js';
import { drawReconstructions, RECONSTRUCTIONS_FILE } from './reconstructions.js';
import { bestEpoch, scoresOf, SUMMARY_FILE, tallyOf, type RunSummary, type Scores } from './summary.js';

/** What finishing needs to know beside the finished run. */
export interface FinishOptions {
  readonly spec: JobSpec;
  readonly run: Run;
  /** Once aborted, only what is at hand is summed up. */
  readonly stop: AbortSignal;
  /** When the run was started or continued, on the clock of `performance.now`. */
  readonly startedMs: number;
}

/**
 * Leaves pictures and a summary in the folder of a run that has ended. A run that was stopped gets the
 * summary alone: it is to go on later.
 */
export async function finishRun(finished: FinishedRun, options: FinishOptions): Promise<RunSummary> {
  const { spec, run, stop, startedMs } = options;
  const { engine, network, train, test, outcome, states } = finished;
  const metrics = await run.readMetrics();
  const files = ['spec.yaml', 'events.jsonl', 'metrics.jsonl', 'checkpoints'];
  if (metrics.length > 0) files.push(LOSS_CHART_FILE);
  files.push(...(await run.listFiles()).filter(isEventFile));

  const whole = outcome === 'completed' && !stop.aborted;
  const pictures = test ?? train;
  if (whole && spec.data.targets === 'inputs' && pictures.image) {
    const { image } = pictures;
    await withParameters(finished, states, (trained) => drawReconstructions(run, trained, pictures, image));
    files.push(RECONSTRUCTIONS_FILE);
  }
  const last = metrics.at(-1);
  const summary: RunSummary = {
    job: spec.name,
    directory: run.location,
    outcome,
    engine: engine.info,
    parameters: network.layers.reduce((total, { inputs, units }) => total + (inputs + 1) * units, 0),
    ...(await tallyOf(run.readEvents())),
    initial: whole ? await initialScores(spec, finished) : null,
    final: last ? scoresOf(last) : null,
    bestEpoch: bestEpoch(metrics),
    pca: whole ? await pcaBaseline(spec, engine, train, test) : null,
    files: [...files, SUMMARY_FILE],
    wallSeconds: (performance.now() - startedMs) / 1000,
  };
  await run.writeFile(SUMMARY_FILE, `${JSON.stringify(summary, null, 2)}\n`);
  return summary;
}

/** Hands a network with some weights on the engine to `use`. */
async function withParameters<Result>(
  { engine, network }: FinishedRun,
  states: FinishedRun['states'],
  use: (trained: TrainedNetwork) => Promise<Result>,
): Promise<Result> {
  const parameters = await uploadParameters(engine, states);
  try {
    return await use({ engine, network, parameters });
  } finally {
    engine.release(parameterTensors(parameters));
  }
}

/** What the network that the seed draws scores; unknown where the spec names other weights. */
async function initialScores(spec: JobSpec, finished: FinishedRun): Promise<Scores | null> {
  if (spec.initialWeights !== null) return null;
  const { network, train, test } = finished;
  return withParameters(finished, initialStates(spec, network.layers), async (drawn) => {
    const { trainExamples, testExamples, batchSize } = spec.evaluation;
    const on = (dataset: Dataset, examples: number | null): Promise<Evaluation> =>
      evaluate(drawn, dataset, {
        targets: spec.data.targets,
        batchSize: batchSize ?? spec.training.batchSize,
        examples,
      });
    const onTrain = await on(train, trainExamples);
    const onTest = test && (await on(test, testExamples));
    return {
      trainLoss: onTrain.loss,
      testLoss: onTest?.loss ?? null,
      trainError: onTrain.meanSquaredError,
      testError: onTest?.meanSquaredError ?? null,
      trainAccuracy: onTrain.accuracy,
      testAccuracy: onTest?.accuracy ?? null,
    };
  });
}
