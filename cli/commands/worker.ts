import { Option, type Command } from 'commander';
import { LocopropError } from '../../core/errors/error.js';
import type { TransportSecurity } from '../../services/security/transport-security.js';
import type { WorkerOptions, WorkerSummary } from '../../worker/worker.js';
import { duration, grouped } from '../format.js';
import { endSoon, Interruption } from '../interruption.js';
import { openServiceLog, type CommandLog } from '../log.js';
import { ENGINE_HELP, toCount, withOutput, type CommandContext, type OutputOptions } from '../options.js';
import { print, printJson } from '../output.js';
import { hasParentPipe, watchParent } from '../parent.js';
import { withSettings } from '../settings.js';
import { toBytes } from '../size.js';

/** With the options of its settings, as they were typed. */
interface WorkerFlags extends OutputOptions, Readonly<Record<string, unknown>> {
  readonly coordinator: string;
  readonly name?: string;
  readonly engine: string;
  readonly threads?: number;
  readonly workersOnHost: number;
  readonly memory?: number;
  readonly drain: number;
  readonly health?: string;
  readonly tls?: string;
  readonly tokenFile?: string;
  readonly insecure?: true;
  readonly once?: true;
}

export function addWorker(program: Command, context: CommandContext): void {
  const command = program
    .command('worker')
    .description('Solve parts of layers for a coordinator, one run after the other.')
    .requiredOption(
      '--coordinator <addresses>',
      'HOST:PORT of the coordinator; several, with commas, are tried in turn',
    )
    .option('--name <name>', 'what the worker is called (default: the host and the process)')
    .option('--engine <name>', ENGINE_HELP, 'auto')
    .option('--threads <n>', "threads of the engine (default: the worker's share of the processors)", toCount)
    .addOption(
      new Option('--workers-on-host <n>', 'how many workers share this machine or container')
        .argParser(toCount)
        .env('LOCOPROP_WORKERS_ON_HOST')
        .default(1),
    )
    .option(
      '--memory <size>',
      "what parts may take, such as 4GiB (default: 60 % of the worker's share)",
      toBytes,
    )
    .option(
      '--drain <seconds>',
      'how long a worker that was asked to stop goes on with its parts',
      toCount,
      30,
    )
    .option(
      '--health <address>',
      'answer grpc.health.v1 at HOST:PORT: not serving any more once it is to stop',
    )
    .option('--tls <dir>', 'certificates to show to the coordinator and to ask of it; see `locoprop certs`')
    .option('--token-file <file>', 'the join token of the coordinator')
    .option('--insecure', 'dial other machines without certificates and token')
    .option('--once', 'end with the first run that ends')
    .action((flags: WorkerFlags) => serve(flags, context));
  withOutput(
    withSettings(command, 'worker'),
    'locoprop worker --coordinator trainer.example.org:7000 --tls certs --token-file certs/join-token',
  );
}

async function serve(flags: WorkerFlags, { version }: CommandContext): Promise<void> {
  const interruption = new Interruption(null);
  const child = hasParentPipe(process.env);
  if (child) watchParent(() => interruption.endNow('SIGTERM'));
  // The log of a worker that `train` has started would be in the way of its progress.
  const log = child && flags['logLevel'] === undefined ? null : await openLog(flags, version);
  let engineLost = false;
  try {
    const record = log?.worker ?? (() => undefined);
    const summary = await work(flags, { version, stop: interruption.signal, record });
    if (flags.json) printJson(summary);
    // Who collects the log wants lines of JSON alone, and the last of them says the same.
    else if (log === null || process.stdout.isTTY) print(summaryText(summary));
  } catch (error) {
    engineLost = error instanceof LocopropError && error.code === 'ENGINE_LOST';
    throw error;
  } finally {
    log?.close();
    interruption.close();
    endSoon(engineLost);
  }
}

async function work(
  flags: WorkerFlags,
  context: Pick<WorkerOptions, 'version' | 'stop' | 'record'>,
): Promise<WorkerSummary> {
  const addresses = flags.coordinator.split(',').map((address) => address.trim());
  const security = await securityOf(flags, addresses);
  const { openResources } = await import('../../worker/resources.js');
  const { defaultName, runWorker } = await import('../../worker/worker.js');
  const { listenForHealth } = await import('../../services/rpc/health-server.js');
  const health = flags.health === undefined ? null : await listenForHealth({ address: flags.health });
  try {
    const { engine, memoryBytes } = await openResources({ ...flags, memoryBytes: flags.memory });
    try {
      health?.setServing(!context.stop.aborted);
      context.stop.addEventListener('abort', () => health?.setServing(false));
      return await runWorker({
        ...context,
        engine,
        addresses,
        security,
        name: flags.name ?? defaultName(),
        memoryBytes,
        once: flags.once === true,
        drainMs: 1000 * flags.drain,
      });
    } finally {
      await engine.close();
    }
  } finally {
    await health?.close();
  }
}

async function securityOf(
  { tls, tokenFile, insecure }: WorkerFlags,
  addresses: readonly string[],
): Promise<TransportSecurity> {
  const { readSecurity } = await import('../../services/security/credentials.js');
  const { requireSecure } = await import('../../services/security/exposure.js');
  const security = await readSecurity({ role: 'worker', tls, tokenFile, environment: process.env });
  for (const address of addresses) requireSecure(address, security, insecure === true);
  return security;
}

/** Null where nothing is to be logged. @throws LocopropError SETTING_INVALID, for any setting that is wrong */
async function openLog(flags: WorkerFlags, version: string): Promise<CommandLog | null> {
  const { readSettings } = await import('../../services/configuration/settings.js');
  const { settings } = await readSettings({ command: 'worker', flags, environment: process.env });
  const { logLevel: level, pretty } = settings;
  return level === 'silent' ? null : openServiceLog({ service: 'worker', version, level, pretty });
}

const summaryText = ({ name, runs, solves, busySeconds }: WorkerSummary): string =>
  `${name}: ${grouped(solves)} local problems of ${runs} ${runs === 1 ? 'run' : 'runs'} that ended, ${duration(busySeconds)} of solving`;
