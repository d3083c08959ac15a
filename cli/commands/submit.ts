import type { Command } from 'commander';
import type { JobDetails } from '../../core/job/view.js';
import type { Upload } from '../../services/client/upload-files.js';
import { follow } from '../follow.js';
import { size } from '../format.js';
import { jobLine } from '../job-text.js';
import { collect, withOutput, type CommandContext, type OutputOptions } from '../options.js';
import { note, print, printJson } from '../output.js';
import { allOverrides } from '../overrides.js';
import { clientOf, withServer, type ServerOptions } from '../server.js';

interface SubmitOptions extends OutputOptions, ServerOptions {
  readonly follow?: true;
  readonly set?: readonly string[];
  readonly upload: boolean;
  readonly check?: true;
}

export function addSubmit(program: Command, context: CommandContext): void {
  const command = program
    .command('submit')
    .description('Submit the job of a spec to a coordinator, with the files that it names.')
    .argument('<spec>', 'a job spec, YAML or JSON')
    .option('--set <path=value>', 'set a field of the spec; may be repeated', collect)
    .option('--follow', 'show how it goes, until it has ended')
    .option(
      '--check',
      'have the coordinator check the spec, and make no job of it; files are uploaded all the same',
    )
    .option('--no-upload', 'leave the paths in the spec as they are, for files that the coordinator has')
    .action(async (spec: string, options: SubmitOptions) => {
      context.setExitCode(await submit(spec, options));
    });
  withOutput(withServer(command), 'locoprop submit examples/mnist-autoencoder.yaml --follow');
}

/** Returns the exit code. */
async function submit(file: string, options: SubmitOptions): Promise<number> {
  const overrides = await allOverrides(options);
  const { readSpecFile } = await import('../../services/configuration/spec-file.js');
  const { writeYaml } = await import('../../services/configuration/yaml-text.js');
  const { checkBeforeSending } = await import('../../services/client/check-before-sending.js');
  const { uploadFiles } = await import('../../services/client/upload-files.js');
  const { data, directory } = await readSpecFile(file, overrides);
  checkBeforeSending(data, file);
  const client = await clientOf(options);
  const given = options.upload
    ? await uploadFiles(data, { client, directory, onUpload })
    : { data, uploads: [] };
  if (options.check) {
    const spec = await client.validate(writeYaml(given.data));
    if (options.json) printJson({ spec, uploads: given.uploads });
    else print(`Nothing is wrong with ${file}.`);
    return 0;
  }
  const job = await client.submit(writeYaml(given.data));
  if (options.follow) {
    if (!options.json) print(jobLine(job));
    return follow(client, job.id, { json: options.json === true, shown: options.json ? null : job });
  }
  if (options.json) printJson({ job, uploads: given.uploads });
  else print(submittedText(job, given.uploads));
  return 0;
}

const onUpload = (file: string, bytes: number): void => note(`uploading ${file}, ${size(bytes)}`);

const submittedText = (job: JobDetails, uploads: readonly Upload[]): string =>
  [
    jobLine(job),
    ...uploads.filter(({ known }) => known).map(({ file }) => `the coordinator has ${file} already`),
    `follow it with: locoprop status ${job.id} --follow`,
  ].join('\n');
