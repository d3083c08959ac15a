import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { ComparedRun } from '../../core/compare/result.js';
import { LocopropError } from '../../core/errors/error.js';
import type { RunEvent } from '../../core/events.js';
import { resolvedYaml, type JobFile } from '../../services/configuration/job-file.js';
import { createRun, openRun, type Run } from '../../services/store/run.js';
import { readRun, type StoredRun } from '../../services/store/stored-run.js';
import { trainToEnd } from '../finish/train-to-end.js';
import { runJob, type Job } from '../runner.js';

/** What is told while a run goes on. */
export type RunWatcher = (event: RunEvent) => void;

export interface ComparedRunOptions {
  readonly job: JobFile;
  readonly directory: string;
  /** Whether it is a trial: it leaves no pictures, and no checkpoint once it is done. */
  readonly trial: boolean;
  readonly environment: Job['environment'];
  /** Name and version of the program, for checkpoints. */
  readonly program: string;
  readonly stop: AbortSignal;
  readonly watch: RunWatcher;
}

/** Failures that are a contender's own: with other settings it might have gone well. */
const OWN_FAILURES: Readonly<Record<string, 'diverged' | 'failed'>> = {
  TRAINING_DIVERGED: 'diverged',
  TRAINING_STUCK: 'diverged',
  ENGINE_CALL_FAILED: 'failed',
};

const FAILURE_FILE = 'failure.json';

const failureSchema = z.object({ outcome: z.enum(['diverged', 'failed']), reason: z.string() });

/**
 * What a folder's run has come to, where it has come to its end; null where it has yet to begin or to go on.
 *
 * @throws LocopropError STORE_LOG_DAMAGED
 */
export async function endedRun(directory: string): Promise<ComparedRun | null> {
  const run = await storedRun(directory);
  if (!run) return null;
  let engine: ComparedRun['engine'] = null;
  let completed = false;
  for await (const event of run.readEvents()) {
    if (event.type === 'run.started') {
      const { engine: name, engineDescription: description = name, threads } = event;
      engine = { name, description, threads };
    }
    completed = event.type === 'run.ended' && event.outcome === 'completed';
  }
  const failure = completed ? null : await failureOf(run);
  if (!completed && !failure) return null;
  const { outcome = 'completed', reason = null } = failure ?? {};
  return { directory, outcome, reason, metrics: await run.readMetrics(), engine };
}

async function storedRun(directory: string): Promise<StoredRun | null> {
  try {
    return await readRun(directory);
  } catch (cause) {
    if (cause instanceof LocopropError && cause.code === 'STORE_RUN_MISSING') return null;
    throw cause;
  }
}

async function failureOf(run: StoredRun): Promise<z.output<typeof failureSchema> | null> {
  const text = await run.readOptional(FAILURE_FILE);
  return text === null ? null : failureSchema.parse(JSON.parse(text));
}

/**
 * Makes a run, or goes on with it from its checkpoint.
 *
 * @returns null where it was stopped
 * @throws LocopropError whatever is not a failure of this contender alone
 */
export async function makeRun(options: ComparedRunOptions): Promise<ComparedRun | null> {
  const { directory, trial } = options;
  const exists = (await storedRun(directory)) !== null;
  if (!(await trained(options, exists))) return null;
  if (trial) await rm(join(directory, 'checkpoints'), { recursive: true, force: true });
  return endedRun(directory);
}

/** Returns whether the run has come to its end. */
async function trained(options: ComparedRunOptions, resume: boolean): Promise<boolean> {
  const run = await openedRun(options, resume);
  try {
    run.events.subscribe(options.watch);
    return await trainedIn(run, options, resume);
  } catch (cause) {
    if (!(cause instanceof LocopropError)) throw cause;
    // None of its checkpoints is whole.
    const startsAnew = resume && cause.code === 'STORE_NO_CHECKPOINT';
    if (!startsAnew) return await keptFailure(run, cause);
  } finally {
    await run.close();
  }
  await rm(options.directory, { recursive: true });
  return trained(options, false);
}

async function openedRun({ job, directory, program }: ComparedRunOptions, resume: boolean): Promise<Run> {
  const common = { keepCheckpoints: job.spec.checkpoints.keep, program };
  if (resume) return openRun(directory, common);
  const { name } = job.spec;
  return createRun({ ...common, job: name, root: directory, directory, spec: resolvedYaml(job.spec) });
}

async function trainedIn(
  run: Run,
  { job, environment, stop, trial }: ComparedRunOptions,
  resume: boolean,
): Promise<boolean> {
  const options = { run, resume, stop };
  const outcome = trial
    ? await runJob({ ...job, environment }, options, () => Promise.resolve())
    : (await trainToEnd({ ...job, environment }, options)).outcome;
  return outcome === 'completed';
}

/** Notes a failure of the contender's own in its folder, so that it is not run again. */
async function keptFailure(run: Run, cause: LocopropError): Promise<true> {
  const outcome = OWN_FAILURES[cause.code];
  if (outcome === undefined) throw cause;
  await run.writeFile(FAILURE_FILE, `${JSON.stringify({ outcome, reason: cause.message }, null, 2)}\n`);
  return true;
}
