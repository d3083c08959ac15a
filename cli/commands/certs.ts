import { join } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { collect, toCount, withOutput, type OutputOptions } from '../options.js';
import { print, printJson } from '../output.js';

interface CertsOptions extends OutputOptions {
  readonly host?: readonly string[];
  readonly days?: number;
  readonly force?: true;
}

/** A century: dates of certificates end with the year 9999. */
const MAX_DAYS = 36_500;

export function addCerts(program: Command): void {
  const command = program
    .command('certs')
    .description(
      'Make the certificates and the join token that a coordinator and its workers trust each other by.',
    )
    .argument('<dir>', 'folder to write them to')
    .option('--host <name>', "the coordinator's name or address, besides localhost; may be repeated", collect)
    .option('--days <n>', 'days that the certificates are valid (default: 730)', toDays)
    .option('--force', 'replace those that the folder holds')
    .action(certs);
  withOutput(command, 'locoprop certs certs --host trainer.example.org --host 10.0.0.5');
}

function toDays(text: string): number {
  const days = toCount(text);
  if (days > MAX_DAYS) throw new InvalidArgumentError(`It must be at most ${MAX_DAYS}.`);
  return days;
}

async function certs(folder: string, { host, days, force, json }: CertsOptions): Promise<void> {
  const { makeInstallation } = await import('../../services/security/installation.js');
  const { AUTHORITY_KEY, filesOf } = await import('../../services/security/credential-files.js');
  const { hosts, expires } = await makeInstallation(folder, { hosts: host, days, force });
  const paths = (names: readonly string[]): string[] => names.map((name) => join(folder, name));
  const coordinator = paths(filesOf('coordinator'));
  const worker = paths(filesOf('worker'));
  const keep = paths([AUTHORITY_KEY]);
  if (json) printJson({ folder, hosts, expires: expires.toISOString(), coordinator, worker, keep });
  else
    print(`Certificates, valid until ${expires.toISOString().slice(0, 10)}, for a coordinator at ${hosts.join(', ')}.

to the coordinator  ${coordinator.join('  ')}
to each worker      ${worker.join('  ')}
to neither          ${keep.join('  ')}

What ends in -key.pem and the join token are secret. With ${keep.join()} anyone can make more certificates:
keep it away from the network.`);
}
