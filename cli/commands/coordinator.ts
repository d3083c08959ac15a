import type { Command } from 'commander';
import { withSettings } from '../settings.js';
import type { CommandContext } from '../options.js';
import { runCoordinator } from '../coordinator.js';

export function addCoordinator(program: Command, context: CommandContext): void {
  const command = program
    .command('coordinator')
    .description(
      'Take jobs from clients, queue them and run them on the workers that dial in, until stopped.',
    )
    .action((flags: Readonly<Record<string, unknown>>) =>
      runCoordinator('coordinator', flags, { version: context.version }),
    );
  withSettings(command, 'coordinator').addHelpText(
    'after',
    '\nExample:\n  $ locoprop coordinator --listen 0.0.0.0:7000 --tls certs --token-file certs/join-token',
  );
}
