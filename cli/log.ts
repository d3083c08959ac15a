import type { Logger } from 'pino';
import type { RunEvent } from '../core/events.js';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** The level at which the log has an event of a run. */
const levelOf: Readonly<Record<RunEvent['type'], 'debug' | 'info' | 'warn'>> = {
  'run.started': 'info',
  'step.done': 'debug',
  'guard.redone': 'warn',
  'epoch.done': 'info',
  'checkpoint.saved': 'info',
  'checkpoint.damaged': 'warn',
  'worker.joined': 'info',
  'worker.left': 'info',
  'worker.lost': 'warn',
  'worker.refused': 'warn',
  'plan.made': 'info',
  'part.recovered': 'warn',
  'run.waiting': 'warn',
  'run.ended': 'info',
};

/** A log on standard error, a JSON line an entry. */
export async function openLog(level: Exclude<LogLevel, 'silent'>): Promise<Logger> {
  const { pino, destination } = await import('pino');
  return pino({ level, base: null }, destination({ dest: 2, sync: true }));
}

/** Gives a log every event of a run. */
export const logEvent =
  (log: Logger) =>
  ({ type, time: _, ...fields }: RunEvent): void =>
    log[levelOf[type]](fields, type);
