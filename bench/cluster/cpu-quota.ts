import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Processor time that a group of processes may take in each period. */
export interface Quota {
  readonly quotaMs: number;
  readonly periodMs: number;
}

const ROOT = '/sys/fs/cgroup';
/** A group is busy for a moment after its last process has ended. */
const REMOVAL_ATTEMPTS = 50;

/** What a group gets of a processor that others want too, where a process that is not held gets 1. */
const WEIGHT = 0.1;

let groups = 0;

/**
 * A control group of Linux, of version 1 or 2, that holds its processes to a quota. It stands for a machine of its own:
 * one that is not held goes first, so that what groups take does not slow it down. Making one needs root.
 */
export class CpuGroup {
  readonly #folder: string;

  constructor({ quotaMs, periodMs }: Quota) {
    const second = existsSync(`${ROOT}/cgroup.controllers`);
    const parent = second ? ROOT : `${ROOT}/cpu`;
    this.#folder = `${parent}/locoprop-bench-${process.pid}-${++groups}`;
    if (second && !readFileSync(`${ROOT}/cgroup.subtree_control`, 'utf8').includes('cpu')) {
      writeFileSync(`${ROOT}/cgroup.subtree_control`, '+cpu');
    }
    mkdirSync(this.#folder);
    const [quota, period] = [1000 * quotaMs, 1000 * periodMs];
    if (second) {
      this.#write('cpu.max', `${quota} ${period}`);
      this.#write('cpu.weight', String(100 * WEIGHT));
    } else {
      this.#write('cpu.cfs_period_us', String(period));
      this.#write('cpu.cfs_quota_us', String(quota));
      this.#write('cpu.shares', String(Math.floor(1024 * WEIGHT)));
    }
  }

  #write(file: string, text: string): void {
    writeFileSync(`${this.#folder}/${file}`, text);
  }

  /** What a shell reads to join the group with all that it becomes. */
  get members(): string {
    return `${this.#folder}/cgroup.procs`;
  }

  /** Takes the group away once its processes have ended. */
  async remove(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        rmdirSync(this.#folder);
        return;
      } catch (error) {
        if (attempt === REMOVAL_ATTEMPTS) throw error;
        await sleep(20);
      }
    }
  }
}
