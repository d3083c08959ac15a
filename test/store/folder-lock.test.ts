import { FolderRunStore } from '#services/store/folder-run-store.js';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { failureOf, temporaryFolder } from './support.js';

const HOLDER = fileURLToPath(new URL('hold-lock.mjs', import.meta.url));

type Holder = ChildProcessByStdio<Writable, Readable, null>;

/** Another process that asks for the folder, and what it says: `locked` or the code of its error. */
async function startHolder(folder: string): Promise<[Holder, string]> {
  const child = spawn(process.execPath, [HOLDER, folder], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  return [child, said.toString().trim()];
}

async function lockAndRelease(folder: string): Promise<void> {
  const store = new FolderRunStore(folder);
  await store.lock();
  await store.close();
}

describe('the lock of a run', () => {
  it('is held against another process until that one closes the run', async () => {
    const folder = await temporaryFolder();
    const [holder, said] = await startHolder(folder);
    expect(said).toBe('locked');
    expect(await failureOf(lockAndRelease(folder))).toMatchObject({
      code: 'STORE_LOCKED',
      message: `The folder ${folder} is in use by process ${holder.pid} of machine ${hostname()}.`,
    });
    holder.stdin.end();
    await once(holder, 'close');
    await lockAndRelease(folder);
    expect(await readdir(folder)).toEqual([]);
  });

  it('of a killed process is taken over at once', async () => {
    const folder = await temporaryFolder();
    const [holder] = await startHolder(folder);
    holder.kill('SIGKILL');
    await once(holder, 'close');
    expect(await readdir(folder)).toHaveLength(1);
    await lockAndRelease(folder);
    expect(await readdir(folder)).toEqual([]);
  });

  it('is held against the same process', async () => {
    const folder = await temporaryFolder();
    const store = new FolderRunStore(folder);
    await store.lock();
    onTestFinished(() => store.close());
    expect(await failureOf(lockAndRelease(folder))).toMatchObject({
      code: 'STORE_LOCKED',
      details: { pid: process.pid },
    });
  });

  it('goes to one of several that ask at the same moment', async () => {
    const folder = await temporaryFolder();
    const said = (await Promise.all([1, 2, 3, 4].map(() => startHolder(folder)))).map(([, word]) => word);
    expect(said.filter((word) => word === 'locked').length).toBeLessThanOrEqual(1);
    expect(said.filter((word) => word === 'STORE_LOCKED').length).toBeGreaterThanOrEqual(3);
  });

  it('of a dead process is free though its number went to another', async () => {
    const folder = await temporaryFolder();
    const status = await readFile(`/proc/${process.ppid}/stat`, 'utf8');
    const start = Number(status.slice(status.lastIndexOf(')') + 2).split(' ')[19]);
    const claim = (startedAt: number): string =>
      join(folder, `run.lock.${hostname()}.${process.ppid}.${startedAt}`);
    await writeFile(claim(start - 1), '');
    await lockAndRelease(folder);
    expect(await readdir(folder)).toEqual([]);
    await writeFile(claim(start), '');
    expect(await failureOf(lockAndRelease(folder))).toMatchObject({ code: 'STORE_LOCKED' });
  });

  it('of another machine is respected, and its file named', async () => {
    const folder = await temporaryFolder();
    const claim = join(folder, 'run.lock.elsewhere.example.7.123');
    await writeFile(claim, '');
    expect(await failureOf(lockAndRelease(folder))).toMatchObject({
      code: 'STORE_LOCKED',
      message: `The folder ${folder} is in use by process 7 of machine elsewhere.example.`,
      remedy: expect.stringContaining(claim) as string,
    });
    expect(await readdir(folder)).toEqual(['run.lock.elsewhere.example.7.123']);
  });
});
