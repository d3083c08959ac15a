import { InvalidArgumentError, Option, type Command } from 'commander';
import { engineNames } from '../core/engine-names.js';
import { logLevels, type LogLevel } from '../core/log-level.js';

/** Where runs and comparisons go, in the working directory. */
export const RUNS = 'runs';

/** What every command gets from the program. */
export interface CommandContext {
  readonly version: string;
  /** How a command that has not failed ends, where that is not 0. */
  readonly setExitCode: (code: number) => void;
}

export interface OutputOptions {
  readonly json?: true;
}

export interface EngineOptions {
  readonly engine?: string;
  readonly threads?: number;
}

export interface LogOptions {
  readonly logLevel: LogLevel;
  readonly pretty?: true;
}

/** Adds `--json` and an example of the command's use to its help. */
export const withOutput = (command: Command, example: string): Command =>
  command
    .option('--json', 'print one JSON document instead of text')
    .addHelpText('after', `\nExample:\n  $ ${example}`);

/** What `--engine` may be given. */
export const ENGINE_HELP = `${engineNames.join(', ')}, or auto for the fastest that works here`;

export const withEngine = (command: Command): Command =>
  command
    .option('--engine <name>', ENGINE_HELP)
    .option(
      '--threads <n>',
      'threads of the engine (default: what the machine or container allows)',
      toCount,
    );

export const withLog = (command: Command): Command =>
  command
    .addOption(
      logLevelOption('write the log to standard error as JSON lines, from this level on').default('silent'),
    )
    .addOption(prettyOption());

export const logLevelOption = (description: string): Option =>
  new Option('--log-level <level>', description).choices(logLevels);

export const prettyOption = (): Option => new Option('--pretty', 'write the log for people, not as JSON');

export const withCheckpoint = (command: Command): Command =>
  command.addOption(
    new Option('--checkpoint <which>', 'which checkpoint of the run')
      .choices(['latest', 'best'])
      .default('latest'),
  );

/** A positive whole number. */
export function toCount(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('It must be a positive whole number.');
  return value;
}

/** Gathers the values of an option that may be given several times. */
export const collect = (text: string, earlier: readonly string[] = []): string[] => [...earlier, text];
