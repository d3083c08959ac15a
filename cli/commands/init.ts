import { access } from 'node:fs/promises';
import type { Command } from 'commander';
import { LocopropError } from '../../core/errors/error.js';
import { withOutput, type OutputOptions } from '../options.js';
import { print, printJson } from '../output.js';

interface InitOptions extends OutputOptions {
  readonly force?: true;
}

export function addInit(program: Command): void {
  const command = program
    .command('init')
    .description('Write a commented spec to start from.')
    .argument('[file]', 'where to write it', 'job.yaml')
    .option('--force', 'replace a file that exists')
    .action(init);
  withOutput(command, 'locoprop init my-autoencoder.yaml');
}

async function init(file: string, { force, json }: InitOptions): Promise<void> {
  const { initialSpecText } = await import('../../services/configuration/initial-spec.js');
  const { writeDurably } = await import('../../services/store/files.js');
  if (!force && (await exists(file))) throw new LocopropError('CLI_FILE_EXISTS', { file });
  await writeDurably(file, [Buffer.from(initialSpecText())]);
  if (json) printJson({ file });
  else print(`Wrote ${file}. Train it with: locoprop train ${file}`);
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    // What else may be wrong with the path, writing will tell.
    () => false,
  );
}
