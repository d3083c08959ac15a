import { join } from 'node:path';
import type { Command } from 'commander';
import type { CompareResult } from '../../core/compare/result.js';
import type { AnnouncedRun } from '../../coordinator/compare/comparison.js';
import { table } from '../format.js';
import { Interruption, STOPS_AFTER_STEP } from '../interruption.js';
import {
  collect,
  RUNS,
  withEngine,
  withOutput,
  type CommandContext,
  type EngineOptions,
  type OutputOptions,
} from '../options.js';
import { note, print, printJson } from '../output.js';
import { allOverrides } from '../overrides.js';
import { openProgress } from '../progress.js';

interface CompareOptions extends OutputOptions, EngineOptions {
  readonly set?: readonly string[];
  readonly out?: string;
  readonly redo?: true;
}

export function addCompare(program: Command, context: CommandContext): void {
  const command = program
    .command('compare')
    .description('Train one network with several methods, and draw their losses by epoch and by second.')
    .argument('<spec>', 'the spec of a comparison, YAML or JSON')
    .option('--set <path=value>', 'set a field of the job for all contenders; may be repeated', collect)
    .option('--out <dir>', 'the folder of its runs (default: runs/<name of the comparison>)')
    .option('--redo', 'make runs of another spec again, and keep the former ones aside')
    .action(async (spec: string, options: CompareOptions) => {
      context.setExitCode(await compare(spec, options, context));
    });
  withOutput(withEngine(command), 'locoprop compare examples/compare-curves.yaml');
}

/** Returns the exit code. */
async function compare(specFile: string, options: CompareOptions, context: CommandContext): Promise<number> {
  const interruption = new Interruption(STOPS_AFTER_STEP);
  try {
    const { readCompare } = await import('../../services/configuration/compare-file.js');
    const { runComparison } = await import('../../coordinator/compare/comparison.js');
    const { writeReport } = await import('../../coordinator/compare/report.js');
    const file = await readCompare(specFile, await allOverrides(options));
    const directory = options.out ?? join(RUNS, file.spec.name);
    const program = `locoprop ${context.version}`;
    const result = await runComparison(file, {
      root: directory,
      redo: options.redo === true,
      environment: process.env,
      program,
      stop: interruption.signal,
      announce: (run) => openProgress(process.stderr, { label: labelOf(run) }),
    });
    if (!result) {
      if (options.json) printJson({ outcome: 'stopped', directory });
      note(`Stopped; the same command goes on from there, in ${directory}.`);
      return interruption.exitCode;
    }
    const command = commandLine();
    const files = await writeReport(result, { directory, command, program, specs: file.texts });
    if (options.json) printJson({ outcome: 'completed', directory, files, ...result });
    else print(await resultText(result, directory, files));
    return 0;
  } finally {
    interruption.close();
  }
}

/** `3/12 adam, trial 2/5`. */
const labelOf = ({ contender, number, contenders, trial, trials }: AnnouncedRun): string =>
  `${number}/${contenders} ${contender}${trial === null ? '' : `, trial ${trial}/${trials}`}`;

/** The command as it was given, for a shell. */
const commandLine = (): string =>
  ['locoprop', ...process.argv.slice(2)]
    .map((word) => (/^[\w./:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(' ');

async function resultText(
  result: CompareResult,
  directory: string,
  files: readonly string[],
): Promise<string> {
  const { compareRows } = await import('../../services/report/compare-rows.js');
  const { head, rows } = compareRows(result);
  return ['', table([head, ...rows], 2), '', `files in ${directory}: ${files.join(', ')}`].join('\n');
}
