import type { LogLevel } from '../core/log-level.js';
import type { Log, LogService } from '../services/telemetry/log.js';
import { tellFailuresTo } from './failure.js';

export interface CommandLogOptions {
  readonly service: LogService;
  readonly version: string;
  readonly level: LogLevel;
  readonly pretty: boolean;
}

export interface CommandLog extends Log {
  readonly close: () => void;
}

/**
 * The log of a command that others watch by its log: what ends it is a line of that too. For a person at a
 * terminal it stays a text.
 */
export async function openServiceLog(options: CommandLogOptions): Promise<CommandLog> {
  const log = await openCommandLog(options);
  if (options.level !== 'silent' && !options.pretty && !process.stderr.isTTY) {
    tellFailuresTo(({ code, message: reason, remedy }) =>
      log.service({ type: 'process.failed', code, reason, remedy }),
    );
  }
  return log;
}

/** The log of a command, whose level follows SIGUSR2 until it is closed. */
export async function openCommandLog(options: CommandLogOptions): Promise<CommandLog> {
  const { openLog } = await import('../services/telemetry/log.js');
  const { followLevelSignal } = await import('../services/telemetry/level-signal.js');
  const log = await openLog(options);
  return Object.assign(log, { close: followLevelSignal(log) });
}
