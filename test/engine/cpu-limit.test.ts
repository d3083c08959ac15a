import { cpuLimit } from '#engine/cpu-limit.js';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

describe('the number of processors', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'cgroup-'));
  });
  afterEach(() => rm(root, { recursive: true }));

  it.each([
    { content: '100000 100000\n', expected: 1 },
    { content: '50000 100000\n', expected: 1 },
    { content: 'max 100000\n', expected: availableParallelism() },
    { content: `${availableParallelism() * 300000} 100000\n`, expected: availableParallelism() },
  ])('is the limit of cgroup 2 or what the machine has: cpu.max $content', async ({ content, expected }) => {
    await writeFile(join(root, 'cpu.max'), content);
    expect(cpuLimit(root)).toBe(expected);
  });

  it.each([
    { quota: '100000', expected: 1 },
    { quota: '-1', expected: availableParallelism() },
  ])('is the limit of cgroup 1: quota $quota', async ({ quota, expected }) => {
    await mkdir(join(root, 'cpu'));
    await writeFile(join(root, 'cpu/cpu.cfs_quota_us'), quota);
    await writeFile(join(root, 'cpu/cpu.cfs_period_us'), '100000');
    expect(cpuLimit(root)).toBe(expected);
  });

  it('is what the machine has where there are no cgroups', () => {
    expect(cpuLimit(join(root, 'none'))).toBe(availableParallelism());
  });
});
