import { InvalidArgumentError, Option, type Command } from 'commander';
import { jobStates, type JobState } from '../../core/job/states.js';
import type { JobView } from '../../core/job/view.js';
import type { JobPage } from '../../services/client/client.js';
import { jobsTable } from '../job-text.js';
import { toCount, withOutput, type OutputOptions } from '../options.js';
import { note, print, printJson } from '../output.js';
import { clientOf, withServer, type ServerOptions } from '../server.js';

interface JobsOptions extends OutputOptions, ServerOptions {
  readonly state?: readonly JobState[];
  readonly limit: number;
}

/** Jobs that one request asks for. */
const PAGE = 100;

export function addJobs(program: Command): void {
  const command = program
    .command('jobs')
    .description('List the jobs of a coordinator, the newest first.')
    .addOption(
      new Option('--state <states>', `only those in these states: ${jobStates.join(', ')}`).argParser(
        toStates,
      ),
    )
    .option('--limit <n>', 'at most so many', toCount, 20)
    .action(jobs);
  withOutput(withServer(command), 'locoprop jobs --state queued,running');
}

function toStates(text: string, earlier: readonly JobState[] = []): JobState[] {
  const known: readonly string[] = jobStates;
  const states = text.split(',').map((state) => state.trim());
  const unknown = states.find((state) => !known.includes(state));
  if (unknown !== undefined) throw new InvalidArgumentError(`Allowed are ${jobStates.join(', ')}.`);
  return [...earlier, ...(states as JobState[])];
}

async function jobs({ state = [], limit, json, ...server }: JobsOptions): Promise<void> {
  const client = await clientOf(server);
  const found: JobView[] = [];
  let next: string | null = null;
  do {
    const page: JobPage = await client.list({
      states: state,
      limit: Math.min(PAGE, limit - found.length),
      cursor: next,
    });
    found.push(...page.jobs);
    next = page.next;
  } while (next !== null && found.length < limit);
  if (json) {
    printJson({ jobs: found, more: next !== null });
    return;
  }
  print(found.length === 0 ? 'There are no such jobs.' : jobsTable(found));
  if (next !== null) note('There are more: see --limit.');
}
