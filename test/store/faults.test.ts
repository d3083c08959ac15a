import { Checkpoints } from '#services/store/checkpoints.js';
import { FolderRunStore } from '#services/store/folder-run-store.js';
import { createRun, openRun } from '#services/store/run.js';
import { readRun } from '#services/store/stored-run.js';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { failureOf, stateAt, temporaryFolder } from './support.js';

const NOBODY = 65534;
const options = { keepCheckpoints: 2, program: 'test' };

/**
 * Runs a program of this folder on a full disk: a real one of 64 KB where this process may mount
 * it, else under a limit on the size of files.
 *
 * @returns its output, and what the system says of the disk
 */
function runOnSmallDisk(script: string, folder: string): { output: string; reason: string } {
  const command = [process.execPath, fileURLToPath(new URL(script, import.meta.url)), folder];
  const limited = ['-c', 'ulimit -f 64; exec "$0" "$@"', ...command];
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder]).status === 0;
  if (mounted) onTestFinished(() => void execFileSync('umount', [folder]));
  const output = mounted
    ? execFileSync(process.execPath, command.slice(1), { encoding: 'utf8' })
    : execFileSync('sh', limited, { encoding: 'utf8' });
  return { output, reason: mounted ? 'no space left on device' : 'file too large' };
}

/** Runs a task without the right to write where the user may not: root may everywhere. */
async function asOrdinaryUser<Result>(task: () => Promise<Result>): Promise<Result> {
  if (process.geteuid?.() !== 0) return task();
  process.seteuid?.(NOBODY);
  try {
    return await task();
  } finally {
    process.seteuid?.(0);
  }
}

async function readOnly(folder: string): Promise<void> {
  await chmod(dirname(folder), 0o755);
  await chmod(folder, 0o555);
  onTestFinished(() => chmod(folder, 0o755));
}

describe('a checkpoint that cannot be written', () => {
  it('on a full disk leaves the earlier ones as they were, and nothing else', async () => {
    const folder = await temporaryFolder();
    const { output, reason } = runOnSmallDisk('save-until-failure.mjs', folder);
    const failure = JSON.parse(output) as Record<string, unknown>;
    const step = Number(failure.step);
    const file = join(folder, `checkpoints/step-${String(step).padStart(8, '0')}.safetensors`);
    expect(failure).toEqual({
      step,
      code: 'STORE_WRITE_FAILED',
      exitCode: 1,
      message: `Cannot write ${file}: ${reason}`,
    });

    expect((await readdir(join(folder, 'checkpoints'))).toSorted()).toEqual([
      'best.safetensors',
      `step-0000000${step - 2}.safetensors`,
      `step-0000000${step - 1}.safetensors`,
    ]);
    const checkpoints = new Checkpoints(new FolderRunStore(folder));
    expect((await checkpoints.loadLatest()).state.position.step).toBe(step - 1);
    expect((await checkpoints.loadBest()).state.position.step).toBe(1);
  });

  it('in an unwritable folder leaves the earlier ones as they were', async () => {
    const folder = await temporaryFolder();
    const checkpoints = new Checkpoints(new FolderRunStore(folder));
    await checkpoints.save(stateAt(1), { best: true, keep: 2, program: 'test' });
    await readOnly(join(folder, 'checkpoints'));
    const failed = asOrdinaryUser(() =>
      checkpoints.save(stateAt(2), { best: false, keep: 2, program: 'test' }),
    );
    expect(await failureOf(failed)).toMatchObject({
      code: 'STORE_WRITE_FAILED',
      message: `Cannot write ${folder}/checkpoints/step-00000002.safetensors: permission denied`,
    });
    expect((await checkpoints.loadLatest()).state).toEqual(stateAt(1));
  });
});

describe('a run that cannot be written', () => {
  it('in an unwritable folder is refused', async () => {
    const folder = await temporaryFolder();
    const root = join(folder, 'runs');
    await mkdir(root);
    await readOnly(root);
    const failed = asOrdinaryUser(() => createRun({ ...options, job: 'job', root, spec: '' }));
    expect(await failureOf(failed)).toMatchObject({
      code: 'STORE_WRITE_FAILED',
      message: `Cannot write ${root}/job: permission denied`,
    });
  });

  it('because its folder became unwritable is refused, and can still be read', async () => {
    const directory = join(await temporaryFolder(), 'run');
    const run = await createRun({ ...options, job: 'job', root: '', directory, spec: 'name: job\n' });
    await run.saveCheckpoint(stateAt(0), false);
    await run.close();
    await readOnly(directory);
    expect(await failureOf(asOrdinaryUser(() => openRun(directory, options)))).toMatchObject({
      code: 'STORE_WRITE_FAILED',
      message: `Cannot write ${directory}: permission denied`,
    });
    const seen = await asOrdinaryUser(async () => (await readRun(directory)).loadCheckpoint('latest'));
    expect(seen.state).toEqual(stateAt(0));
  });

  it('because a file stands where its folders should be is refused', async () => {
    const root = join(await temporaryFolder(), 'runs');
    await writeFile(root, 'a file');
    expect(await failureOf(createRun({ ...options, job: 'job', root, spec: '' }))).toMatchObject({
      code: 'STORE_NO_FOLDER',
      message: `${root}/job cannot be the folder of a run: it is, or lies below, a file.`,
    });
    expect(await readFile(root, 'utf8')).toBe('a file');
  });
});

describe('a line that cannot be written', () => {
  it('leaves the file as it was, and the next one follows', async () => {
    const folder = await temporaryFolder();
    expect(runOnSmallDisk('append-past-failure.mjs', folder).output).toBe('STORE_WRITE_FAILED\n');
    expect(await readFile(join(folder, 'events.jsonl'), 'utf8')).toBe('first\nsecond\n');
  });
});
