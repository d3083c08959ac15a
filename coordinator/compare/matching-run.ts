import { mkdir, rename, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { REPLACED_FOLDER } from '../../core/compare/folder-name.js';
import { LocopropError } from '../../core/errors/error.js';
import { differences, showDifference } from '../../core/spec/differences.js';
import { readJob, type JobFile } from '../../services/configuration/job-file.js';
import { hasCode, writeFailed } from '../../services/store/failure.js';
import { SPEC_FILE } from '../../services/store/stored-run.js';

/** Of many differences the first ones tell what it is. */
const MAX_SHOWN = 5;

export interface MatchingOptions {
  /** Folder of the comparison. */
  readonly root: string;
  /** Put runs of another spec aside in place of refusing them. */
  readonly redo: boolean;
}

/**
 * Makes sure that a folder holds the run of this job or none.
 *
 * @throws LocopropError COMPARE_CHANGED where it holds another one, unless that may be put aside
 */
export async function requireMatchingRun(
  directory: string,
  { spec }: JobFile,
  { root, redo }: MatchingOptions,
): Promise<void> {
  const file = join(directory, SPEC_FILE);
  if (!(await exists(file))) return;
  const found = differences((await readJob(file)).spec, spec);
  if (found.length === 0) return;
  const replaced = join(root, REPLACED_FOLDER);
  if (redo) {
    await putAside(directory, join(replaced, relative(root, directory)));
    return;
  }
  const shown = found.slice(0, MAX_SHOWN).map(showDifference);
  const left = found.length - shown.length;
  throw new LocopropError('COMPARE_CHANGED', {
    directory,
    differences: [...shown, ...(left > 0 ? [`and ${left} more`] : [])].join('; '),
    replaced,
  });
}

/** Moves a run to the first free name. */
async function putAside(directory: string, target: string): Promise<void> {
  let free = target;
  for (let number = 2; await exists(free); number += 1) free = `${target}-${number}`;
  try {
    await mkdir(dirname(free), { recursive: true });
    await rename(directory, free);
  } catch (cause) {
    throw writeFailed(free, cause);
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return false;
    throw cause;
  }
}
