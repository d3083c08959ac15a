import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { differenceOf, finishedRun, type Finished } from './mixed-run.js';

/** Of one worker each; the first is much slower than the others. */
const engines = ['onnx-webgpu', 'tfjs', 'onnx'];

describe(`a run on workers with the engines ${engines.join(', ')}`, () => {
  let folder: string;
  let alone: Finished;
  let mixed: Finished;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'locoprop-mixed-'));
    alone = await finishedRun(folder, []);
    mixed = await finishedRun(folder, engines);
  }, 240_000);
  afterAll(() => rm(folder, { recursive: true }));

  it('uses all of them', () => {
    expect(mixed.members).toEqual(engines.toSorted());
  });

  it('has the weights and slots of a run in one process after 10 steps, but for rounding', () => {
    const difference = differenceOf(mixed, alone);
    expect(difference).toBeLessThanOrEqual(1e-4);
    // They do differ: another engine has worked on them.
    expect(difference).toBeGreaterThan(0);
  });

  it('has its loss after an epoch within 0.5 %', () => {
    expect(Math.abs(mixed.loss / alone.loss - 1)).toBeLessThanOrEqual(0.005);
  });
});
