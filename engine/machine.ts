import { cpus } from 'node:os';
import { cpuLimit } from './cpu-limit.js';

/** What figures depend on besides the code. */
export interface Machine {
  readonly processor: string;
  /** That this process may use. */
  readonly processors: number;
  readonly platform: string;
  readonly node: string;
}

export const describeMachine = (): Machine => ({
  processor: cpus()[0]?.model.trim() ?? 'unknown',
  processors: cpuLimit(),
  platform: `${process.platform} ${process.arch}`,
  node: process.versions.node,
});
