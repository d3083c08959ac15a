import type { EpochMetrics } from '#core/events.js';
import { createRun, openRun, type CreateRunOptions, type Run } from '#services/store/run.js';
import { readRun } from '#services/store/stored-run.js';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { failureOf, stateAt, temporaryFolder } from './support.js';

const options = { keepCheckpoints: 2, program: 'test', clock: () => new Date(0) };

async function create(root: string, more: Partial<CreateRunOptions> = {}): Promise<Run> {
  const run = await createRun({ ...options, job: 'job', root, spec: 'name: job\n', ...more });
  onTestFinished(() => run.close());
  return run;
}

const metricsAt = (epoch: number): EpochMetrics => ({
  epoch,
  step: epoch,
  trainLoss: 1,
  testLoss: 1,
  trainError: 0.1,
  testError: null,
  trainAccuracy: null,
  testAccuracy: null,
  trainSeconds: 1,
  examplesPerSecond: 1,
  layers: [],
});

/** With every field that a line can have. */
const fullMetrics: Required<EpochMetrics> = {
  epoch: 1,
  step: 2,
  trainLoss: 3,
  testLoss: 4,
  trainError: 5,
  testError: 6,
  trainAccuracy: 0.7,
  testAccuracy: 0.8,
  trainSeconds: 9,
  examplesPerSecond: 10,
  layers: [{ objectiveBefore: 11, objectiveAfter: 12, largestRise: 13, guardRedone: 14, guardGaveUp: 2 }],
  cluster: {
    stepSeconds: 15,
    predictedSeconds: 16,
    workers: [{ worker: 'one', busy: 0.17, solves: 18, bytes: 19 }],
  },
};

describe('a new run', () => {
  it('takes the first folder of its job that is free', async () => {
    const root = join(await temporaryFolder(), 'runs');
    const names = [];
    for (let i = 0; i < 3; i += 1) names.push(basename((await create(root)).location));
    await mkdir(join(root, 'job-4'));
    names.push(basename((await create(root)).location));
    expect(names).toEqual(['job', 'job-2', 'job-3', 'job-4']);
  });

  it('shares no folder with one that begins at the same moment', async () => {
    const root = join(await temporaryFolder(), 'runs');
    const runs = await Promise.all([create(root), create(root), create(root)]);
    expect(new Set(runs.map(({ location }) => location)).size).toBe(3);
  });

  it.each([
    ['../../etc', '-..-etc'],
    ['.hidden', 'hidden'],
    ['my job: 1', 'my-job-1'],
    ['..', 'run'],
  ])('of the job %s stays in the folder of the runs', async (job, name) => {
    const root = join(await temporaryFolder(), 'runs');
    expect((await create(root, { job })).location).toBe(join(root, name));
  });

  it('takes the folder that is named, when it is new or empty', async () => {
    const folder = await temporaryFolder();
    const inside = join(folder, 'a/b');
    expect((await create('unused', { directory: inside })).location).toBe(inside);
    const empty = join(folder, 'empty');
    await mkdir(empty);
    expect((await create('unused', { directory: empty })).location).toBe(empty);

    await writeFile(join(folder, 'something'), '');
    expect(await failureOf(create('unused', { directory: folder }))).toMatchObject({
      code: 'STORE_RUN_EXISTS',
      exitCode: 2,
      message: `The folder ${folder} is not empty.`,
    });
    expect((await readdir(folder)).toSorted()).toEqual(['a', 'empty', 'something']);
  });
});

describe('a run', () => {
  it('is read while it is trained, but trained by one alone', async () => {
    const run = await create(await temporaryFolder());
    await run.saveCheckpoint(stateAt(0), true);
    await run.events.emit({ type: 'epoch.done', ...metricsAt(1) });
    await run.writeFile('loss.svg', '<svg/>');
    const seen = await readRun(run.location);
    expect(await seen.readSpec()).toBe('name: job\n');
    expect(await seen.readMetrics()).toEqual([metricsAt(1)]);
    expect((await seen.loadCheckpoint('best')).state).toEqual(stateAt(0));
    expect(await readFile(join(run.location, 'loss.svg'), 'utf8')).toBe('<svg/>');
    expect(await failureOf(openRun(run.location, options))).toMatchObject({ code: 'STORE_LOCKED' });
  });

  it('resumes from its newest checkpoint, with the log and the metrics of that moment', async () => {
    const { location, ...first } = await trained();
    expect(first.last).toBe(4);
    const run = await openRun(location, options);
    onTestFinished(() => run.close());
    const { state, file } = (await run.resume())!;
    expect([state.position.step, file]).toEqual([2, 'checkpoints/step-00000002.safetensors']);
    expect(run.events.last).toBe(2);
    expect(await run.readMetrics()).toEqual([metricsAt(1), metricsAt(2)]);
    await run.events.emit({ type: 'epoch.done', ...metricsAt(3) });
    const metrics = (await readFile(join(location, 'metrics.jsonl'), 'utf8')).trimEnd().split('\n');
    expect(metrics.map((line) => (JSON.parse(line) as EpochMetrics).epoch)).toEqual([1, 2, 3]);
  });

  it('has every field of an epoch in its log and its metrics, also in lines that are written anew', async () => {
    const run = await create(await temporaryFolder());
    const file = join(run.location, 'metrics.jsonl');
    const lines = async (): Promise<unknown[]> =>
      (await readFile(file, 'utf8')).split('\n', 1).map((line): unknown => JSON.parse(line));
    await run.events.emit({ type: 'epoch.done', ...fullMetrics });
    expect(await run.readMetrics()).toEqual([fullMetrics]);
    expect(await lines()).toEqual([fullMetrics]);
    await run.saveCheckpoint(stateAt(1), true);
    await run.close();
    await writeFile(file, '');
    const again = await openRun(run.location, options);
    onTestFinished(() => again.close());
    await again.resume();
    expect(await lines()).toEqual([fullMetrics]);
  });

  it('begins anew where it has saved no checkpoint, and not where all are damaged', async () => {
    const run = await create(await temporaryFolder());
    await run.events.emit({ type: 'epoch.done', ...metricsAt(1) });
    expect(await run.hasCheckpoint()).toBe(false);
    expect(await run.resume()).toBeNull();
    expect([run.events.last, await run.readMetrics()]).toEqual([0, []]);
    const file = await run.saveCheckpoint(stateAt(0), false);
    await writeFile(join(run.location, file), 'damaged');
    expect(await run.hasCheckpoint()).toBe(true);
    expect(await failureOf(run.resume())).toMatchObject({ code: 'STORE_NO_CHECKPOINT' });
  });

  it('never resumes from a checkpoint whose part of the log is gone', async () => {
    const { location } = await trained();
    const file = join(location, 'checkpoints/step-00000002.safetensors');
    const whole = await readFile(file);
    await writeFile(file, whole.subarray(1));
    const run = await openRun(location, options);
    expect((await run.resume())!.state.position.step).toBe(1);
    await run.close();

    // It can be read again, but the log has been taken back before it.
    await writeFile(file, whole);
    const again = await openRun(location, options);
    onTestFinished(() => again.close());
    const { state, damaged } = (await again.resume())!;
    expect(state.position.step).toBe(1);
    expect(damaged).toEqual([
      {
        file: 'checkpoints/step-00000002.safetensors',
        reason: 'it is of event 2 and the log ends with event 1',
      },
    ]);
  });

  it('clears away what a dead process left unfinished, and nothing else', async () => {
    const { location } = await trained();
    const left = ['checkpoints/step-00000009.safetensors.0123456789ab.tmp', 'loss.svg.ba9876543210.tmp'];
    for (const name of [...left, 'mine.tmp']) await writeFile(join(location, name), 'x');
    await (await openRun(location, options)).close();
    const files = await readdir(location, { recursive: true });
    expect(files.filter((name) => name.endsWith('.tmp'))).toEqual(['mine.tmp']);
  });

  it.each([
    ['missing', 'nowhere', 'is missing or empty'],
    ['no run', '.', 'has no spec.yaml'],
  ])('that is %s is refused', async (_, name, reason) => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'something'), '');
    const expected = {
      code: 'STORE_RUN_MISSING',
      exitCode: 2,
      message: expect.stringContaining(reason) as string,
    };
    expect(await failureOf(readRun(join(folder, name)))).toMatchObject(expected);
    expect(await failureOf(openRun(join(folder, name), options))).toMatchObject(expected);
  });
});

/** A closed run of three epochs whose newest checkpoint is of the second. */
async function trained(): Promise<{ location: string; last: number }> {
  const run = await create(join(await temporaryFolder(), 'runs'));
  for (const epoch of [1, 2, 3]) {
    await run.events.emit({ type: 'epoch.done', ...metricsAt(epoch) });
    if (epoch < 3) await run.saveCheckpoint({ ...stateAt(epoch), event: run.events.last }, true);
  }
  await run.events.emit({ type: 'run.ended', outcome: 'failed', step: 3, epoch: 3, reason: null });
  await run.close();
  return { location: run.location, last: run.events.last };
}
