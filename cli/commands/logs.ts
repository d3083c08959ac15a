import { lineLevels, type LineLevel } from '../../core/log-level.js';
import { Option, type Command } from 'commander';
import { Interruption } from '../interruption.js';
import { withOutput, type CommandContext, type OutputOptions } from '../options.js';
import { note, print, printJson } from '../output.js';
import { clientOf, withServer, type ServerOptions } from '../server.js';

interface LogsOptions extends OutputOptions, ServerOptions {
  readonly follow?: true;
  readonly level: LineLevel;
}

export function addLogs(program: Command, context: CommandContext): void {
  const command = program
    .command('logs')
    .description('Print the log of a job, a JSON object a line.')
    .argument('<job>', 'the id of the job')
    .option('--follow', 'go on with what comes, until the job has ended')
    .addOption(new Option('--level <level>', 'from this level on').choices(lineLevels).default('info'))
    .action(async (id: string, options: LogsOptions) => {
      context.setExitCode(await logs(id, options));
    });
  withOutput(withServer(command), 'locoprop logs my-job-k7w2m4tq9x3hdfbn --follow | npx pino-pretty');
}

/** Returns the exit code. */
async function logs(id: string, options: LogsOptions): Promise<number> {
  const client = await clientOf(options);
  const interruption = new Interruption(null);
  const lines: unknown[] = [];
  try {
    const { signal } = interruption;
    const onLost = (reason: string): void => note(`the connection was lost (${reason}); trying again`);
    const request = { follow: options.follow === true, level: options.level, signal, onLost };
    for await (const line of client.logs(id, request)) {
      if (options.json) lines.push(JSON.parse(line));
      else print(line);
    }
    if (options.json) printJson({ lines });
    return 0;
  } catch (cause) {
    if (!interruption.signal.aborted) throw cause;
    note(`\nThe job goes on without this. To see more of it: locoprop logs ${id} --follow`);
    return interruption.exitCode;
  } finally {
    interruption.close();
  }
}
