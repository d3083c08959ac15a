import type { Command } from 'commander';
import type { CoordinatorClient } from '../services/client/client.js';
import type { ServerOptions } from '../services/client/server.js';

export type { ServerOptions };

/** Adds the options that say which coordinator a command speaks to. */
export const withServer = (command: Command): Command =>
  command
    .option(
      '--server <url>',
      'the coordinator (default: LOCOPROP_URL, else the one of this user, else http://127.0.0.1:8080)',
    )
    .option('--token-file <file>', 'file with the token for it (default: LOCOPROP_TOKEN is the token)')
    .option('--ca <file>', 'certificate of the authority that the coordinator is to have its own of');

/** @throws LocopropError CLI_USAGE, CLUSTER_CREDENTIALS_INVALID, CLIENT_FILE_INVALID */
export async function clientOf(options: ServerOptions): Promise<CoordinatorClient> {
  const { CoordinatorClient } = await import('../services/client/client.js');
  const { findServer } = await import('../services/client/server.js');
  return new CoordinatorClient(await findServer(options, process.env));
}
