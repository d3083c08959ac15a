import type { Command } from 'commander';
import { follow } from '../follow.js';
import { detailsText } from '../job-text.js';
import { withOutput, type CommandContext, type OutputOptions } from '../options.js';
import { print, printJson } from '../output.js';
import { clientOf, withServer, type ServerOptions } from '../server.js';

interface StatusOptions extends OutputOptions, ServerOptions {
  readonly follow?: true;
}

export function addStatus(program: Command, context: CommandContext): void {
  const command = program
    .command('status')
    .description('Tell what a job does, how far it is, and what has happened to it.')
    .argument('<job>', 'the id of the job')
    .option('--follow', 'show how it goes, until it has ended')
    .action(async (id: string, options: StatusOptions) => {
      const client = await clientOf(options);
      const json = options.json === true;
      if (options.follow) {
        context.setExitCode(await follow(client, id, { json }));
        return;
      }
      const job = await client.get(id);
      const artifacts = await client.artifacts(id);
      if (json) printJson({ ...job, artifacts });
      else print(detailsText(job, artifacts));
    });
  withOutput(withServer(command), 'locoprop status my-job-k7w2m4tq9x3hdfbn --follow');
}
