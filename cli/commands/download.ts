import type { Command } from 'commander';
import { Interruption } from '../interruption.js';
import { counted, size } from '../format.js';
import { withOutput, type CommandContext, type OutputOptions } from '../options.js';
import { note, print, printJson } from '../output.js';
import { clientOf, withServer, type ServerOptions } from '../server.js';

type DownloadOptions = OutputOptions & ServerOptions;

export function addDownload(program: Command, context: CommandContext): void {
  const command = program
    .command('download')
    .description('Write the files of a job to a folder: its checkpoints, metrics and pictures.')
    .argument('<job>', 'the id of the job')
    .argument('[dir]', 'folder to write to (default: one with the id of the job)')
    .action(async (id: string, folder: string | undefined, options: DownloadOptions) => {
      context.setExitCode(await download(id, folder ?? id, options));
    });
  withOutput(withServer(command), 'locoprop download my-job-k7w2m4tq9x3hdfbn runs/from-the-team');
}

/** Returns the exit code. */
async function download(id: string, folder: string, { json, ...server }: DownloadOptions): Promise<number> {
  const { downloadFiles } = await import('../../services/client/download-files.js');
  const client = await clientOf(server);
  const interruption = new Interruption('Stopping; the files that are whole stay.');
  try {
    const { signal } = interruption;
    const onFile = ({ name, bytes }: { readonly name: string; readonly bytes: number }): void =>
      note(`${name}, ${size(bytes)}`);
    const files = await downloadFiles(client, id, { folder, signal, onFile });
    if (json) printJson({ folder, files });
    else {
      const known = files.filter((file) => file.known).length;
      print(
        `${counted(files.length, 'file')} in ${folder}${known === 0 ? '' : `, ${known} of which were there`}`,
      );
    }
    return 0;
  } catch (cause) {
    if (!interruption.signal.aborted) throw cause;
    return interruption.exitCode;
  } finally {
    interruption.close();
  }
}
