import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { main, start, type Outcome, type StartOptions } from '../support/processes.js';

export { main, type Outcome };

export interface RunOptions extends StartOptions {
  /** Called with all of standard error so far whenever more has come. */
  readonly onStderr?: (text: string, child: ChildProcess) => void;
}

/** Runs the command line as a process of its own. */
export function locoprop(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const { onStderr } = options;
  const run = start(args, options);
  if (onStderr) run.child.stderr.on('data', () => onStderr(run.stderr, run.child));
  return run.ended;
}

/** Runs the command line with `--json` and expects it to succeed; its document. */
export async function documentOf(
  args: readonly string[],
  options?: RunOptions,
): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await locoprop([...args, '--json'], options);
  if (code !== 0) throw new Error(`exit code ${code}: ${stderr}${stdout}`);
  return JSON.parse(stdout) as Record<string, unknown>;
}

const folders: string[] = [];

// Of each file that imports this: within a hook it would not be heard of.
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

/** A folder for the tests of a file. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'locoprop-cli-'));
  folders.push(folder);
  return folder;
}

/** An autoencoder 784-20-6-20-784 on 64 curves: four steps an epoch. */
export const tinySpec = `
seed: 1
data:
  train: { dataset: curves, examples: 64 }
  test: { dataset: curves, examples: 32 }
  targets: inputs
network:
  layers:
    - { units: 20, transfer: { name: tanh } }
    - { units: 6, transfer: { name: identity } }
    - { units: 20, transfer: { name: tanh } }
    - { units: 784, transfer: { name: sigmoid } }
  loss: { name: sigmoid_cross_entropy }
training: { batchSize: 16, epochs: 2 }
local: { iterations: 2, optimizer: { name: rmsprop, learningRate: 1.0e-4 } }
engine: { threads: 1 }
`;

/** A folder with `tiny.yaml`. */
export async function folderWithSpec(): Promise<string> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'tiny.yaml'), tinySpec);
  return folder;
}
