import { readFileSync, writeFileSync } from 'node:fs';

/** The most memory that a process has had in RAM at once, in bytes. */
export function peakMemory(pid: number | 'self'): number {
  const kibibytes = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return 1024 * Number(kibibytes);
}

/** Has the peak of this process begin anew, with what it has at the moment. */
export const restartPeak = (): void => writeFileSync('/proc/self/clear_refs', '5');
