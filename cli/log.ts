import type { Logger } from 'pino';
import type { RunEvent } from '../core/events.js';
import type { WorkerEvent } from '../worker/events.js';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

type EventLevel = 'debug' | 'info' | 'warn';

/** The level at which the log has an event of a run. */
const levelOf: Readonly<Record<RunEvent['type'], EventLevel>> = {
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

/** The same of what happens to a worker. */
const levelOfWorker: Readonly<Record<WorkerEvent['type'], EventLevel>> = {
  'worker.started': 'info',
  'worker.joined': 'info',
  'worker.unreachable': 'warn',
  'worker.disconnected': 'warn',
  'worker.dismissed': 'info',
  'worker.leaving': 'info',
  'worker.left': 'info',
  'worker.ended': 'info',
  'part.loaded': 'info',
  'part.unloaded': 'debug',
  'part.solved': 'debug',
  'request.refused': 'warn',
  'settle.impossible': 'warn',
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

/** Gives a log every event of a worker. */
export const logWorkerEvent =
  (log: Logger) =>
  ({ type, ...fields }: WorkerEvent): void =>
    log[levelOfWorker[type]](fields, type);
