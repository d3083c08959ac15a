import type { LogLevel } from '../../core/log-level.js';
import type { Log } from './log.js';

/** Asks a process for the debug level, and then again for the one that it had. */
const SIGNAL = 'SIGUSR2';

/**
 * Has a log follow the signal SIGUSR2.
 * @returns what ends that
 */
export function followLevelSignal(log: Log): () => void {
  let usual: LogLevel | null = null;
  const toggle = (): void => {
    const next = usual ?? 'debug';
    usual = usual === null ? log.level : null;
    log.setLevel(next);
  };
  process.on(SIGNAL, toggle);
  return () => void process.off(SIGNAL, toggle);
}
