import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LocopropError } from '../core/errors/error.js';
import type { JobFile } from '../services/configuration/job-file.js';
import type { Run } from '../services/store/run.js';
import { RUNS, type CommandContext, type EngineOptions } from './options.js';
import { allOverrides, requireChangeable } from './overrides.js';

export interface JobOptions extends EngineOptions {
  readonly resume?: string;
  readonly out?: string;
  readonly set?: readonly string[];
}

/** A job and its run, which this process has until it closes it. */
export interface OpenedJob {
  readonly job: JobFile;
  readonly run: Run;
  close(): Promise<void>;
}

/**
 * The job of a spec with a new run, or the run to continue.
 * @param remark where remarks for people go
 */
export async function openJob(
  specFile: string | undefined,
  options: JobOptions,
  { version }: CommandContext,
  remark: (text: string) => void,
): Promise<OpenedJob> {
  const program = `locoprop ${version}`;
  const { resume } = options;
  return resume === undefined
    ? newRun(specFile!, options, program)
    : continuedRun(resume, options, { program, remark });
}

/** @throws LocopropError CLI_USAGE */
export function requireOneSource(spec: string | undefined, options: JobOptions): void {
  const reason = misuseOf(spec, options);
  if (reason !== null) throw new LocopropError('CLI_USAGE', { reason });
}

function misuseOf(spec: string | undefined, { resume, out }: JobOptions): string | null {
  if (spec === undefined && resume === undefined)
    return 'Name a spec to train, or a run to continue with --resume.';
  if (spec !== undefined && resume !== undefined)
    return 'A run that is continued has its own spec; name either a spec or --resume.';
  if (resume !== undefined && out !== undefined)
    return 'A run is continued in its own folder; --out is for new runs.';
  if (out === '') return '--out names no folder.';
  return resume === '' ? '--resume names no folder.' : null;
}

async function newRun(specFile: string, options: JobOptions, program: string): Promise<OpenedJob> {
  const { readJob, resolvedYaml } = await import('../services/configuration/job-file.js');
  const { createRun } = await import('../services/store/run.js');
  const job = await readJob(specFile, await allOverrides(options));
  const { name, checkpoints } = job.spec;
  const created = { job: name, root: RUNS, directory: options.out, spec: resolvedYaml(job.spec) };
  const run = await createRun({ ...created, keepCheckpoints: checkpoints.keep, program });
  let begun = false;
  run.events.subscribe(({ type }) => {
    if (type === 'run.started') begun = true;
  });
  const close = async (): Promise<void> => {
    await run.close();
    // Where its data or its engine cannot be had, nothing has been computed: the next try takes the same folder.
    // What cannot be removed is no reason to tell of instead of that one.
    if (!begun) await Promise.allSettled([rm(run.location, { recursive: true, force: true })]);
  };
  return { job, run, close };
}

async function continuedRun(
  directory: string,
  options: JobOptions,
  { program, remark }: { readonly program: string; readonly remark: (text: string) => void },
): Promise<OpenedJob> {
  const { readJob, resolvedYaml } = await import('../services/configuration/job-file.js');
  const { openRun } = await import('../services/store/run.js');
  const { readRun, SPEC_FILE } = await import('../services/store/stored-run.js');
  const overrides = await allOverrides(options);
  requireChangeable(overrides);
  const { location } = await readRun(directory);
  const job = await readJob(join(location, SPEC_FILE), overrides);
  const run = await openRun(directory, { keepCheckpoints: job.spec.checkpoints.keep, program });
  if (overrides.length > 0) await run.writeFile(SPEC_FILE, resolvedYaml(job.spec));
  if (!(await run.hasCheckpoint())) remark(`${directory} has saved no checkpoint: it begins at step 0.`);
  return { job, run, close: () => run.close() };
}
