import type { Command } from 'commander';
import type { WhichCheckpoint } from '../../coordinator/trained-run.js';
import { readDataArgument } from '../data-argument.js';
import { grouped, percent, significant, table } from '../format.js';
import {
  withCheckpoint,
  withEngine,
  withOutput,
  type EngineOptions,
  type OutputOptions,
} from '../options.js';
import { print, printJson } from '../output.js';

interface EvaluateOptions extends OutputOptions, EngineOptions {
  readonly checkpoint: WhichCheckpoint;
}

export function addEvaluate(program: Command): void {
  const command = program
    .command('evaluate')
    .description('Measure the network of a run on some data.')
    .argument('<run>', "the run's folder")
    .argument('<data>', "a file, or a data source as in a spec: '{dataset: mnist, split: test}'")
    .action(evaluate);
  withOutput(
    withEngine(withCheckpoint(command)),
    "locoprop evaluate runs/curves-autoencoder '{dataset: curves, examples: 1000}'",
  );
}

async function evaluate(
  directory: string,
  dataText: string,
  { checkpoint, engine, threads, json }: EvaluateOptions,
): Promise<void> {
  const { openTrainedRun } = await import('../../coordinator/trained-run.js');
  const { evaluateRun } = await import('../../coordinator/inference.js');
  const data = await readDataArgument(dataText);
  const run = await openTrainedRun(directory, { checkpoint, data, directory: process.cwd() });
  const result = await evaluateRun(run, { environment: process.env, engine, threads });
  const { examples, loss, meanSquaredError, accuracy } = result;
  if (json) {
    printJson({ run: directory, checkpoint: run.file, step: run.step, ...result });
    return;
  }
  const rows = [
    ['examples', grouped(examples)],
    ['loss', significant(loss)],
    ['error (mean squared)', significant(meanSquaredError)],
    ...(accuracy === null ? [] : [['accuracy', percent(accuracy)]]),
  ];
  print(`${table(rows)}\n\nof ${run.file}, step ${run.step}`);
}
