import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { CompareResult } from '#core/compare/result.js';
import { folderWithSpec, locoprop, type Outcome } from '../cli/support.js';

const rate = 'local.optimizer.learningRate';

/** A contender that learns, one of which a setting diverges, and one of which all do. */
const comparison = (epochs: number): string =>
  JSON.stringify({
    base: 'tiny.yaml',
    set: { 'training.epochs': epochs },
    search: { trials: 2, epochs: 1, trainExamples: 32 },
    losses: [500],
    contenders: [
      { name: 'LocoProp-M', search: { [rate]: [1e-4, 1e-3] } },
      {
        name: 'BackProp, adam',
        set: { 'training.algorithm': 'backprop', 'local.optimizer': 'adam' },
        search: { [rate]: [1e-3, 1e38] },
      },
      {
        name: 'BackProp, sgd',
        set: { 'training.algorithm': 'backprop', 'local.optimizer': 'sgd' },
        search: { [rate]: [1e38, 2e38] },
      },
    ],
  });

interface Compared extends CompareResult {
  readonly outcome: string;
  readonly directory: string;
  readonly files: readonly string[];
}

let folder: string;
let whole: Compared;
beforeAll(async () => {
  folder = await folderWithSpec();
  await writeFile(join(folder, 'mine.yaml'), comparison(3));
  whole = await compared();
});

const compare = (...args: string[]): Promise<Outcome> =>
  locoprop(['compare', 'mine.yaml', ...args], { cwd: folder });

async function compared(...args: string[]): Promise<Compared> {
  const { code, stdout, stderr } = await compare('--json', ...args);
  if (code !== 0) throw new Error(`exit code ${code}: ${stderr}${stdout}`);
  return JSON.parse(stdout) as Compared;
}

/** Losses of every run of a comparison, which do not depend on when it was stopped. */
const lossesOf = ({ contenders }: CompareResult): unknown =>
  contenders.map(({ name, setting, trials, run }) => ({
    name,
    setting,
    runs: [...trials, run].map((one) => one && [one.outcome, one.metrics.map(({ trainLoss }) => trainLoss)]),
  }));

/** The times of all runs: those that are made again have others. */
const secondsOf = ({ contenders }: CompareResult): unknown =>
  contenders.map(({ run }) => run?.metrics.map(({ trainSeconds }) => trainSeconds));

describe('compare', () => {
  it('takes the best setting, and tells of a contender that has none', () => {
    const [locoprop, adam, sgd] = whole.contenders;
    const ends = locoprop!.trials.map(({ metrics }) => metrics.at(-1)!.trainLoss);
    const best = locoprop!.trials[ends.indexOf(Math.min(...ends))]!;
    expect(locoprop!.setting).toEqual(best.setting);
    expect(locoprop!.run!.metrics.map(({ step }) => step)).toEqual([4, 8, 12]);
    expect(adam).toMatchObject({ setting: { [rate]: 1e-3 }, run: { outcome: 'completed' } });
    expect(adam!.trials[1]).toMatchObject({ outcome: 'diverged' });
    expect(sgd).toMatchObject({ setting: null, run: null });
    expect(whole).toMatchObject({ outcome: 'completed', relativeTo: 'BackProp, adam', seed: 1 });
  });

  it('leaves its files, ordinary runs, and no checkpoints of trials', async () => {
    const root = join(folder, whole.directory);
    expect(whole.directory).toBe('runs/mine');
    expect((await readdir(root)).toSorted()).toEqual(
      [...whole.files, 'locoprop-m', 'backprop-adam', 'search'].toSorted(),
    );
    expect(await readdir(join(root, 'locoprop-m'))).toContain('summary.json');
    expect((await readdir(join(root, 'search/backprop-adam/1'))).toSorted()).toEqual([
      'events.jsonl',
      'metrics.jsonl',
      'spec.yaml',
    ]);
    expect(await readFile(join(root, 'compare.md'), 'utf8')).toContain('locoprop compare mine.yaml --json');
    expect((await readFile(join(root, 'compare.csv'), 'utf8')).trim().split('\n')).toHaveLength(7);
  });

  it('reads finished runs from their folders', async () => {
    const again = await compared();
    expect(again.contenders).toEqual(whole.contenders);
    const { stdout } = await compare();
    expect(stdout).toMatch(/^LocoProp-M +learningRate 0\.001? .*\n/m);
    expect(stdout).toMatch(/^BackProp, sgd +– +no setting worked/m);
  });

  it.each(['SIGINT', 'SIGKILL'] as const)('goes on after %s, with the same losses', async (signal) => {
    const directory = `stopped-${signal}`;
    let sent = false;
    const { code } = await locoprop(['compare', 'mine.yaml', '--out', directory], {
      cwd: folder,
      onStderr: (text, child) => {
        // In the middle of the full run of the first contender, behind whose first epoch there is a checkpoint.
        if (!sent && text.includes('1/3 LocoProp-M  epoch 1 done')) sent = child.kill(signal);
      },
    });
    expect(code).toBe(signal === 'SIGINT' ? 130 : signal);
    const resumed = await compared('--out', directory);
    expect(lossesOf(resumed)).toEqual(lossesOf(whole));
  });

  it('refuses runs of another spec, or makes them again and keeps the former ones', async () => {
    await writeFile(join(folder, 'mine.yaml'), comparison(2));
    const { code, stderr } = await compare();
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^error COMPARE_CHANGED: The run runs\/mine\/locoprop-m .*: training\.epochs: 3, now 2\./,
    );
    const redone = await compared('--redo');
    expect(redone.contenders[0]!.run!.metrics).toHaveLength(2);
    expect(redone.contenders[0]!.trials).toEqual(whole.contenders[0]!.trials);
    expect(secondsOf(redone)).not.toEqual(secondsOf(whole));
    const replaced = join(folder, whole.directory, 'replaced');
    expect((await readdir(replaced)).toSorted()).toEqual(['backprop-adam', 'locoprop-m']);
  });
});
