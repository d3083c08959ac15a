import type { Host } from '../coordinator/host/host.js';
import type { Settings } from '../core/settings/table.js';
import { localWorkers } from './cluster.js';
import { endSoon, Interruption } from './interruption.js';
import { openServiceLog } from './log.js';

/** A process that has been asked to end, and could not in time, ends all the same: jobs go on elsewhere. */
const GRACE_MS = 5000;

export interface CoordinatorCommand {
  readonly version: string;
  /** Awaited once clients can be served; what it gives is called at the end. */
  readonly onReady?: (host: Host, settings: Settings) => Promise<() => Promise<void>>;
  /** What a person is told at the first Ctrl-C. */
  readonly notice?: string;
}

/**
 * Runs a coordinator until the process is asked to end. Running jobs are then given back with a checkpoint.
 * @throws LocopropError what keeps it from starting
 */
export async function runCoordinator(
  command: 'coordinator' | 'up',
  flags: Readonly<Record<string, unknown>>,
  { version, onReady, notice }: CoordinatorCommand,
): Promise<void> {
  // Before all that takes its time: a container may be stopped as soon as it has started.
  const interruption = new Interruption(notice ?? null);
  const { readLogSettings, readSettings } = await import('../services/configuration/settings.js');
  const { openHost } = await import('../coordinator/host/host.js');
  const sources = { command, flags, environment: process.env };
  // Before the settings are checked: that they are wrong is told in the form that they ask for.
  const { logLevel: level, pretty } = await readLogSettings(sources);
  const log = await openServiceLog({ service: 'coordinator', version, level, pretty });
  try {
    const { settings } = await readSettings(sources);
    const host = await openHost({
      settings,
      version,
      log,
      localWorkers: settings.workers === 0 ? null : localWorkers(settings.workers, settings),
      environment: process.env,
    });
    const leave = await onReady?.(host, settings).catch(async (cause: unknown) => {
      await host.close('it could not start');
      throw cause;
    });
    await ended(interruption.signal);
    // The engine may be in the middle of a long computation, for whose end `process.exit` would wait.
    const limit = setTimeout(
      () => {
        log.service({
          type: 'note',
          text: 'It did not end in time: jobs go on from their last checkpoints.',
        });
        process.kill(process.pid, 'SIGKILL');
      },
      1000 * settings.shutdownSeconds + GRACE_MS,
    );
    limit.unref();
    await host.close('it was asked to stop');
    await leave?.();
    clearTimeout(limit);
  } finally {
    log.close();
    interruption.close();
    endSoon();
  }
}

const ended = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
