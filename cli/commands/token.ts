import type { Command } from 'commander';
import { LocopropError } from '../../core/errors/error.js';
import { withOutput, type OutputOptions } from '../options.js';
import { print, printJson } from '../output.js';
import { withSettings } from '../settings.js';

type TokenOptions = OutputOptions & { readonly create?: true } & Readonly<Record<string, unknown>>;

export function addToken(program: Command): void {
  const command = program
    .command('token')
    .description("Print the first token of this machine's coordinator.")
    .option('--create', 'make the file of tokens, with one for everything, where it is missing')
    .action(printToken);
  withOutput(withSettings(command, 'coordinator'), 'locoprop token --store locoprop-data');
}

async function printToken({ json, create, ...flags }: TokenOptions): Promise<void> {
  const { readSettings } = await import('../../services/configuration/settings.js');
  const { ensureTokens, tokensFile } = await import('../../coordinator/host/access.js');
  const { readTokens } = await import('../../services/security/token-file.js');
  const { settings } = await readSettings({ command: 'coordinator', flags, environment: process.env });
  const file = tokensFile(settings);
  if (file === null) {
    const reason = 'Name the file of the tokens with --api-tokens: the store is no folder.';
    throw new LocopropError('CLI_USAGE', { reason });
  }
  if (create) await ensureTokens(file);
  const [first] = await readTokens(file);
  if (!first) throw new LocopropError('CLUSTER_CREDENTIALS_INVALID', { file, reason: 'it holds no token' });
  const { token, role, name } = first;
  if (json) printJson({ token, role, name, file });
  else print(token);
}
