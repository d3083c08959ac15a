import { join } from 'node:path';
import type { CompareSpec } from '../../core/compare/compare-schema.js';
import { SEARCH_FOLDER } from '../../core/compare/folder-name.js';
import type { Setting } from '../../core/compare/grid.js';
import {
  bestTrial,
  type ComparedRun,
  type CompareResult,
  type ContenderResult,
  type SearchTrial,
} from '../../core/compare/result.js';
import type { CompareFile, PlannedContender } from '../../services/configuration/compare-file.js';
import type { JobFile } from '../../services/configuration/job-file.js';
import type { Job } from '../runner.js';
import { endedRun, makeRun, type RunWatcher } from './compared-run.js';
import { requireMatchingRun, type MatchingOptions } from './matching-run.js';

/** A run that is about to be made. */
export interface AnnouncedRun {
  readonly contender: string;
  /** From 1. */
  readonly number: number;
  readonly contenders: number;
  /** From 1; null for the full run. */
  readonly trial: number | null;
  readonly trials: number;
}

/** Runs in the folder of the comparison that are finished are not made again. */
export interface ComparisonOptions extends MatchingOptions {
  readonly environment: Job['environment'];
  /** Name and version of the program, for checkpoints. */
  readonly program: string;
  readonly stop: AbortSignal;
  /** Told of each run before it is made; what comes back is told how it goes. */
  readonly announce: (run: AnnouncedRun) => { readonly record: RunWatcher; readonly close: () => void };
}

/**
 * Makes the runs of a comparison that are still to be made, one after another.
 *
 * @returns null where it was stopped: made again, it goes on from there
 * @throws LocopropError COMPARE_CHANGED, STORE_…, DATA_…, ENGINE_UNAVAILABLE; what was run until then is kept
 */
export async function runComparison(
  { spec, contenders, seed }: CompareFile,
  options: ComparisonOptions,
): Promise<CompareResult | null> {
  for (const contender of contenders) await requireMatchingRuns(contender, options);
  const results: ContenderResult[] = [];
  for (const [index, contender] of contenders.entries()) {
    const place = { contender: contender.name, number: index + 1, contenders: contenders.length };
    const result = await runContender(contender, options, place);
    if (!result) return null;
    results.push(result);
  }
  return { ...headOf(spec, results), seed, contenders: results };
}

function headOf(
  { name, title, losses, relativeTo }: CompareSpec,
  results: readonly ContenderResult[],
): Pick<CompareResult, 'name' | 'title' | 'losses' | 'relativeTo'> {
  const plain = results.find(({ algorithm }) => algorithm === 'backprop')?.name ?? null;
  return { name, title: title ?? name, losses, relativeTo: relativeTo ?? plain };
}

/** Before hours are spent on the first contenders, the runs that are there are held against the specs of all. */
async function requireMatchingRuns(
  { folder, trials, fullRun }: PlannedContender,
  options: ComparisonOptions,
): Promise<void> {
  const { root } = options;
  const done: SearchTrial[] = [];
  for (const [index, { setting, job }] of trials.entries()) {
    const directory = trialFolder(root, folder, index);
    await requireMatchingRun(directory, job, options);
    const ended = await endedRun(directory);
    if (ended) done.push({ ...ended, setting });
  }
  if (done.length < trials.length) return;
  const setting = chosenSetting(done);
  if (setting) await requireMatchingRun(join(root, folder), await fullRun(setting), options);
}

const trialFolder = (root: string, folder: string, index: number): string =>
  join(root, SEARCH_FOLDER, folder, String(index + 1));

/** That of the best trial; empty without a search, null where every trial failed. */
const chosenSetting = (trials: readonly SearchTrial[]): Setting | null =>
  trials.length === 0 ? {} : (bestTrial(trials)?.setting ?? null);

type Place = Pick<AnnouncedRun, 'contender' | 'number' | 'contenders'>;

async function runContender(
  { name, folder, trials, fullRun }: PlannedContender,
  options: ComparisonOptions,
  place: Place,
): Promise<ContenderResult | null> {
  const { root } = options;
  const done: SearchTrial[] = [];
  for (const [index, { setting, job }] of trials.entries()) {
    const directory = trialFolder(root, folder, index);
    const announced = { ...place, trial: index + 1, trials: trials.length };
    const run = await runOne(directory, job, announced, options);
    if (!run) return null;
    done.push({ ...run, setting });
  }
  const setting = chosenSetting(done);
  // Without its search a setting may be none that a job can have.
  const job = await fullRun(setting ?? done[0]!.setting);
  const contender = { name, algorithm: job.spec.training.algorithm, trials: done, setting };
  if (!setting) return { ...contender, run: null };
  const announced = { ...place, trial: null, trials: trials.length };
  const directory = join(root, folder);
  await requireMatchingRun(directory, job, options);
  const run = await runOne(directory, job, announced, options);
  return run && { ...contender, run };
}

/** A run as its folder has it, made where it is still to be made; null where it was stopped. */
async function runOne(
  directory: string,
  job: JobFile,
  announced: AnnouncedRun,
  { announce, ...options }: ComparisonOptions,
): Promise<ComparedRun | null> {
  const ended = await endedRun(directory);
  if (ended) return ended;
  if (options.stop.aborted) return null;
  const view = announce(announced);
  try {
    const trial = announced.trial !== null;
    return await makeRun({ ...options, job, directory, trial, watch: view.record });
  } finally {
    view.close();
  }
}
