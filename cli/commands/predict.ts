import { extname } from 'node:path';
import type { Command } from 'commander';
import { LocopropError } from '../../core/errors/error.js';
import type { PredictionEncoder } from '../../coordinator/predictions.js';
import type { WhichCheckpoint } from '../../coordinator/trained-run.js';
import { readDataArgument } from '../data-argument.js';
import { grouped } from '../format.js';
import {
  withCheckpoint,
  withEngine,
  withOutput,
  type EngineOptions,
  type OutputOptions,
} from '../options.js';
import { print, printJson } from '../output.js';

interface PredictOptions extends OutputOptions, EngineOptions {
  readonly checkpoint: WhichCheckpoint;
  readonly out: string;
}

export function addPredict(program: Command): void {
  const command = program
    .command('predict')
    .description("Write the network's outputs for some data to a file.")
    .argument('<run>', "the run's folder")
    .argument('<data>', "a file, or a data source as in a spec: '{dataset: mnist, split: test}'")
    .requiredOption(
      '--out <file>',
      'file to write: .npy (float32) or .csv (for a classifier, with the class)',
    )
    .action(predict);
  withOutput(
    withEngine(withCheckpoint(command)),
    'locoprop predict runs/mnist-classifier digits.npy --out classes.csv',
  );
}

async function predict(
  directory: string,
  dataText: string,
  { checkpoint, engine, threads, out, json }: PredictOptions,
): Promise<void> {
  requireKnownExtension(out);
  const { openTrainedRun } = await import('../../coordinator/trained-run.js');
  const { predictRun } = await import('../../coordinator/inference.js');
  const { writePredictions } = await import('../../coordinator/predictions.js');
  const data = await readDataArgument(dataText);
  const run = await openTrainedRun(directory, { checkpoint, data, directory: process.cwd() });
  const encoder = await encoderFor(out, run.spec.data.targets === 'labels');
  const shape = await predictRun(run, { environment: process.env, engine, threads }, (batch) =>
    encoder.add(batch),
  );
  await writePredictions(out, encoder, shape);
  if (json) printJson({ run: directory, checkpoint: run.file, step: run.step, ...shape, file: out });
  else
    print(
      `Wrote ${grouped(shape.examples)} × ${shape.outputs} outputs to ${out}, of ${run.file}, step ${run.step}`,
    );
}

const isCsv = (file: string): boolean => extname(file).toLowerCase() === '.csv';
const isNpy = (file: string): boolean => extname(file).toLowerCase() === '.npy';

/** Refuses, before any work, a name that tells no format. */
function requireKnownExtension(file: string): void {
  if (isCsv(file) || isNpy(file)) return;
  throw new LocopropError('CLI_USAGE', {
    reason: `--out takes a file ending in .npy or .csv, not "${file}".`,
  });
}

async function encoderFor(file: string, classifier: boolean): Promise<PredictionEncoder> {
  const { csvEncoder, npyEncoder } = await import('../../coordinator/predictions.js');
  return isCsv(file) ? csvEncoder({ classifier }) : npyEncoder();
}
