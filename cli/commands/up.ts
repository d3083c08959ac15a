import type { Command } from 'commander';
import type { Host } from '../../coordinator/host/host.js';
import type { Settings } from '../../core/settings/table.js';
import { runCoordinator } from '../coordinator.js';
import type { CommandContext } from '../options.js';
import { print } from '../output.js';
import { withSettings } from '../settings.js';

export function addUp(program: Command, context: CommandContext): void {
  const command = program
    .command('up')
    .description('Run a coordinator and its workers on this machine, until stopped.')
    .option('--open', 'open the dashboard in a browser, signed in')
    .action((flags: Readonly<Record<string, unknown>>) =>
      runCoordinator('up', flags, {
        version: context.version,
        onReady: (host, settings) => welcome(host, settings, flags['open'] === true),
        notice: 'Stopping: a running job is saved, and goes on at the next start. Again to stop at once.',
      }),
    );
  withSettings(command, 'up').addHelpText('after', '\nExample:\n  $ locoprop up --workers 2');
}

/** Tells where the coordinator is, and leaves that for the commands of this user. */
async function welcome(host: Host, { store, apiTls }: Settings, open: boolean): Promise<() => Promise<void>> {
  const { readTokens } = await import('../../services/security/token-file.js');
  const { authorityBeside, removeClientFile, writeClientFile } =
    await import('../../services/client/client-file.js');
  const { url, workers, grpc, tokens } = host;
  const token = tokens === null ? null : ((await readTokens(tokens))[0]?.token ?? null);
  const ca = apiTls && (await authorityBeside(apiTls.certificate));
  const file = await writeClientFile(process.env, { url, token, ca });
  const lines = [
    `Ready at ${url} (gRPC ${grpc ?? 'off'}; workers dial ${workers}). Jobs are kept in ${store}.`,
    `Dashboard: ${url}/`,
    ...(token === null ? [] : [`Token: ${token}`]),
    `The commands of this user find both in ${file}. In another terminal, try:`,
    '  locoprop submit examples/curves-autoencoder.yaml --follow',
  ];
  print(lines.join('\n'));
  const leave = (): Promise<void> => removeClientFile(process.env, url);
  if (!open) return leave;
  const { openDashboard } = await import('../open-dashboard.js');
  const close = await openDashboard({ url, token, tokens });
  return async () => {
    await close();
    await leave();
  };
}
