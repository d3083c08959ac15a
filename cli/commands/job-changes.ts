import type { Command } from 'commander';
import type { JobChange } from '../../services/client/client.js';
import { jobLine } from '../job-text.js';
import { withOutput, type OutputOptions } from '../options.js';
import { print, printJson } from '../output.js';
import { clientOf, withServer, type ServerOptions } from '../server.js';

type ChangeOptions = OutputOptions & ServerOptions;

const changes: Readonly<Record<JobChange, string>> = {
  pause: 'Pause a job: a running one stops with a checkpoint.',
  resume: 'Put a paused or failed job into the queue again, to go on from its last checkpoint.',
  cancel: 'Cancel a job, whatever it does; what it has come to is kept.',
};

const addChange =
  (change: JobChange) =>
  (program: Command): void => {
    const command = program
      .command(change)
      .description(changes[change])
      .argument('<job>', 'the id of the job')
      .action(async (id: string, { json, ...server }: ChangeOptions) => {
        const job = await (await clientOf(server)).change(id, change);
        if (json) printJson(job);
        else print(jobLine(job));
      });
    withOutput(withServer(command), `locoprop ${change} my-job-k7w2m4tq9x3hdfbn`);
  };

export const addPause = addChange('pause');
export const addResume = addChange('resume');
export const addCancel = addChange('cancel');

export function addDelete(program: Command): void {
  const command = program
    .command('delete')
    .description('Delete a job that has ended, with its log and its files.')
    .argument('<job>', 'the id of the job')
    .action(async (id: string, { json, ...server }: ChangeOptions) => {
      await (await clientOf(server)).remove(id);
      if (json) printJson({ deleted: id });
      else print(`${id} is deleted`);
    });
  withOutput(withServer(command), 'locoprop delete my-job-k7w2m4tq9x3hdfbn');
}
