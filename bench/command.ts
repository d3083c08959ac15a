import { Command } from 'commander';
import { ENGINE_HELP, toCount } from '../cli/options.js';
import { print, printJson } from '../cli/output.js';
import { cpuLimit } from '../engine/cpu-limit.js';
import { parseWidths } from './autoencoder.js';
import { describeMachine } from '../engine/machine.js';
import { runBench, sections, type Measurement } from './run.js';

interface BenchCommandOptions {
  readonly engine: string;
  readonly threads: readonly number[];
  readonly network?: readonly number[];
  readonly batch: number;
  readonly iterations: number;
  readonly rounds: number;
  readonly large: number;
  readonly json?: true;
}

/** The program behind `npm run bench`. */
export function buildBench(): Command {
  const onRequest = [...sections].flatMap(([name, section]) => (section.onRequest ? [name] : []));
  const listed = [...sections].map(([name, { description }]) => `  ${name.padEnd(8)}${description}`);
  return new Command('bench')
    .description('Measures the engine and the trainer against the bare matrix products of their work.')
    .argument(
      '[sections...]',
      `${[...sections.keys()].join(', ')} (default: all but ${onRequest.join(', ')})`,
    )
    .option('--engine <name>', ENGINE_HELP, 'auto')
    .option('--threads <n,…>', 'numbers of threads of the engine', toCounts, defaultThreads())
    .option('--network <widths>', "widths of an autoencoder (default: the paper's)", parseWidths)
    .option('--batch <n>', 'examples a batch', toCount, 1000)
    .option('--iterations <n>', 'local iterations of a solve', toCount, 10)
    .option('--rounds <n>', 'rounds to measure; their medians are printed', toCount, 7)
    .option('--large <n>', 'inputs and units of the largest layer, for sizes', toCount, 8192)
    .option('--json', 'print one JSON document instead of text')
    .addHelpText(
      'after',
      `\nSections:\n${listed.join('\n')}\n\nExample:\n  $ npm run bench -- solve --threads 1`,
    )
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .action(bench);
}

/** One thread, and as many as there are processors. */
const defaultThreads = (): number[] => [...new Set([1, cpuLimit()])];

const toCounts = (text: string): number[] => text.split(',').map(toCount);

async function bench(
  names: readonly string[],
  { engine, threads, network, json, ...sizes }: BenchCommandOptions,
): Promise<void> {
  const options = { widths: network ?? null, ...sizes };
  if (!json) print(headText(options));
  const show = (measurement: Measurement, text: string): void => {
    if (!json) print(`\n${titleOf(measurement)}\n${text}`);
  };
  const report = await runBench({ sections: names, engine, threads, options }, show);
  if (json) printJson(report);
}

const headText = ({
  batch,
  iterations,
  rounds,
}: Pick<BenchCommandOptions, 'batch' | 'iterations' | 'rounds'>): string => {
  const { processor, processors, platform, node } = describeMachine();
  return [
    `${processor}, ${processors} processors; Node ${node}, ${platform}`,
    `B = ${batch}, K = ${iterations}; medians of ${rounds} rounds, from the lowest to the highest in brackets`,
  ].join('\n');
};

const titleOf = ({ section, engine }: Measurement): string => {
  const threads = `${engine.threads} ${engine.threads === 1 ? 'thread' : 'threads'}`;
  return `${section}: ${sections.get(section)!.description}, on ${threads} (${engine.description})`;
};
