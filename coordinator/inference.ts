import { batchesInOrder, requireWidths } from '../core/batches.js';
import type { Dataset, TargetKind } from '../core/dataset.js';
import { LocopropError } from '../core/errors/error.js';
import type { Matrix } from '../core/matrix.js';
import { startEngine } from '../engine/engines.js';
import { loadDataset } from '../services/datasets/load.js';
import { evaluate, predict, type Evaluation, type TrainedNetwork } from './evaluation.js';
import { uploadParameters } from './trained-parameters.js';
import { sourceOf, type TrainedRun } from './trained-run.js';

export interface InferenceOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Undefined for what the spec says. */
  readonly engine: string | undefined;
  readonly threads: number | undefined;
}

/** How good a trained network is on the examples of its data source. */
export async function evaluateRun(
  run: TrainedRun,
  options: InferenceOptions,
): Promise<Evaluation & { readonly examples: number }> {
  const { targets } = run.spec.data;
  const dataset = await loadInputs(run, targets, options);
  const outputs = run.network.layers.at(-1)!.units;
  requireWidths(dataset, targets, { inputs: dataset.features, outputs });
  return onEngine(run, options, async (trained) => {
    const evaluation = await evaluate(trained, dataset, {
      targets,
      batchSize: batchSizeOf(run),
      examples: null,
    });
    return { examples: dataset.examples, ...evaluation };
  });
}

/** Hands the outputs for the examples of a run's data source to `use`, batch by batch, [batch, outputs]. */
export async function predictRun(
  run: TrainedRun,
  options: InferenceOptions,
  use: (outputs: Matrix) => void,
): Promise<{ readonly examples: number; readonly outputs: number }> {
  // Whatever was learned, its labels are not needed now.
  const dataset = await loadInputs(run, 'inputs', options);
  const outputs = run.network.layers.at(-1)!.units;
  return onEngine(run, options, async (trained) => {
    for (const indices of batchesInOrder(dataset.examples, batchSizeOf(run))) {
      use(await predict(trained, dataset, indices));
    }
    return { examples: dataset.examples, outputs };
  });
}

const batchSizeOf = ({ spec }: TrainedRun): number => spec.evaluation.batchSize ?? spec.training.batchSize;

async function loadInputs(
  run: TrainedRun,
  targets: TargetKind,
  { environment }: InferenceOptions,
): Promise<Dataset> {
  const { seed } = run.spec;
  // The paths of a job's data are absolute.
  const directory = '';
  const dataset = await loadDataset(sourceOf(run), { directory, environment, split: 'test', targets, seed });
  const expected = run.network.layers[0]!.inputs;
  if (dataset.features !== expected) {
    const details = {
      dataset: dataset.name,
      actual: dataset.features,
      expected,
      kind: 'inputs',
      does: 'takes',
    };
    throw new LocopropError('DATA_WIDTH_MISMATCH', details);
  }
  return dataset;
}

async function onEngine<Result>(
  { spec, network, layers }: TrainedRun,
  { engine: name, threads }: InferenceOptions,
  use: (trained: TrainedNetwork) => Promise<Result>,
): Promise<Result> {
  const engine = await startEngine(name ?? spec.engine.name, threads ?? spec.engine.threads);
  try {
    return await use({ engine, network, parameters: await uploadParameters(engine, layers) });
  } finally {
    await engine.close();
  }
}
