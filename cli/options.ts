import { InvalidArgumentError, Option, type Command } from 'commander';
import { logLevels, type LogLevel } from './log.js';

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
}

/** Adds `--json` and an example of the command's use to its help. */
export const withOutput = (command: Command, example: string): Command =>
  command
    .option('--json', 'print one JSON document instead of text')
    .addHelpText('after', `\nExample:\n  $ ${example}`);

export const withEngine = (command: Command): Command =>
  command
    .option('--engine <name>', 'onnx, reference, or auto for the fastest that works here')
    .option(
      '--threads <n>',
      'threads of the engine (default: what the machine or container allows)',
      toCount,
    );

export const withLog = (command: Command): Command =>
  command.addOption(
    logLevelOption('write the log to standard error as JSON lines, from this level on').default('silent'),
  );

export const logLevelOption = (description: string): Option =>
  new Option('--log-level <level>', description).choices(logLevels);

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
