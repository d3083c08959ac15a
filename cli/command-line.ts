import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { LocopropError } from '../core/errors/error.js';
import { addCerts } from './commands/certs.js';
import { addConfig } from './commands/config.js';
import { addCompare } from './commands/compare.js';
import { addCoordinator } from './commands/coordinator.js';
import { addDoctor } from './commands/doctor.js';
import { addDownload } from './commands/download.js';
import { addEvaluate } from './commands/evaluate.js';
import { addExport } from './commands/export.js';
import { addInit } from './commands/init.js';
import { addCancel, addDelete, addPause, addResume } from './commands/job-changes.js';
import { addJobs } from './commands/jobs.js';
import { addLogs } from './commands/logs.js';
import { addPredict } from './commands/predict.js';
import { addStatus } from './commands/status.js';
import { addSubmit } from './commands/submit.js';
import { addToken } from './commands/token.js';
import { addTrain } from './commands/train.js';
import { addUp } from './commands/up.js';
import { addVerify } from './commands/verify.js';
import { addWorker } from './commands/worker.js';
import { addWorkers } from './commands/workers.js';
import { reportFailure } from './failure.js';
import { collectGarbageLessOften } from './garbage-collection.js';
import { ignoreClosedPipes } from './output.js';

const packageFile = new URL('../../package.json', import.meta.url);

/** The package's version. */
export const version = (): string =>
  (JSON.parse(readFileSync(packageFile, 'utf8')) as { readonly version: string }).version;

/** All commands, in groups, in the order of their use. */
const groups = {
  'Training on this machine:': [addInit, addTrain, addCompare],
  'Using a trained network:': [addEvaluate, addPredict, addExport],
  'Running the service:': [addUp, addCoordinator, addWorker, addCerts, addToken, addConfig],
  'Using the service:': [
    ...[addSubmit, addJobs, addStatus, addLogs, addPause, addResume, addCancel, addDelete, addDownload],
    addWorkers,
  ],
  'Looking at this machine:': [addDoctor, addVerify],
};

/** The program with its commands. `setExitCode` is told how one that has not failed ends, where that is not 0. */
export function buildProgram(setExitCode: (code: number) => void): Command {
  const program = new Command('locoprop')
    .description('Trains deep networks layer by layer, by solving a local problem for each.')
    .version(version())
    .exitOverride()
    // Commander's messages become errors of the catalogue; only help is printed as it stands.
    .configureOutput({ outputError: () => undefined })
    .addHelpText(
      'after',
      `
Begin with:
  $ locoprop init job.yaml
  $ locoprop train job.yaml
or, with the service:
  $ locoprop up
  $ locoprop submit job.yaml --follow

Exit codes: 0 done, 1 failed, 2 wrong use or input, 130 and 143 stopped by Ctrl-C and SIGTERM.`,
    );
  const context = { version: version(), setExitCode };
  for (const [title, commands] of Object.entries(groups)) {
    program.commandsGroup(title);
    for (const add of commands) add(program, context);
  }
  program.helpCommand('help [command]', 'display help for command');
  return program;
}

/** Runs a command line of locoprop, without the name of the program; returns the exit code. */
export const runCommandLine = (args: readonly string[]): Promise<number> => runProgram(buildProgram, args);

/** Makes a program that throws what it refuses, runs a command line of it and reports a failure. */
export async function runProgram(build: typeof buildProgram, args: readonly string[]): Promise<number> {
  const json = args.includes('--json');
  collectGarbageLessOften();
  ignoreClosedPipes();
  process.on('uncaughtException', (error) => process.exit(reportFailure(error, { json })));
  let exitCode = 0;
  try {
    const program = build((code) => (exitCode = code));
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    const failure = error instanceof CommanderError ? usageFailure(error) : error;
    return failure === null ? 0 : reportFailure(failure, { json });
  }
}

/** What commander refused; null where it has printed what was asked for, a help text or the version. */
function usageFailure({ code, message, exitCode }: CommanderError): LocopropError | null {
  if (exitCode === 0) return null;
  const reason = code === 'commander.help' ? 'No command was given.' : sentence(message);
  return new LocopropError('CLI_USAGE', { reason });
}

/** `error: unknown option '--epoch'\n(Did you mean --set?)` as a sentence. */
function sentence(message: string): string {
  const text = message.replace(/^error: /, '').replaceAll('\n', ' ');
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.)]$/.test(text) ? '' : '.'}`;
}
