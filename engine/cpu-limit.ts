import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

const readNumbers = (file: string): number[] | null => {
  try {
    return readFileSync(file, 'utf8').trim().split(/\s+/).map(Number);
  } catch (error) {
    // Another cgroup version, or no Linux: then this file sets no limit.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
};

/** The cgroup's processor time as a number of processors, or null without a limit. */
function cgroupLimit(root: string): number | null {
  const version2 = readNumbers(`${root}/cpu.max`);
  if (version2) {
    const [quota = NaN, period = NaN] = version2;
    return Number.isFinite(quota / period) ? quota / period : null;
  }
  const quota = readNumbers(`${root}/cpu/cpu.cfs_quota_us`)?.[0] ?? -1;
  const period = readNumbers(`${root}/cpu/cpu.cfs_period_us`)?.[0] ?? 0;
  return quota > 0 && period > 0 ? quota / period : null;
}

/** Processors that this process may use, at least 1: the machine's, or the container's limit if lower. */
export function cpuLimit(root = '/sys/fs/cgroup'): number {
  const limit = cgroupLimit(root) ?? Infinity;
  return Math.max(1, Math.floor(Math.min(availableParallelism(), limit)));
}
