import { Command } from 'commander';
import { table } from '../../cli/format.js';
import { toCount } from '../../cli/options.js';
import { print, printJson } from '../../cli/output.js';
import { describeMachine } from '../../engine/machine.js';
import { measureService, type ServiceFigures } from './measure.js';

interface Flags {
  readonly jobs: number;
  readonly followers: number;
  readonly seconds: number;
  readonly redis?: string;
  readonly json?: true;
}

/** The program behind `npm run bench:service`. */
export const buildServiceBench = (): Command =>
  new Command('bench:service')
    .description('Measures a coordinator that trains while clients submit, follow and read.')
    .option('--jobs <n>', 'jobs that wait', toCount, 1000)
    .option('--followers <n>', 'clients that follow jobs', toCount, 100)
    .option('--seconds <n>', 'how long the load lasts', toCount, 600)
    .option('--redis <url>', 'keep the queue there (default: in the coordinator)')
    .option('--json', 'print one JSON document instead of text')
    .addHelpText('after', '\nExample:\n  $ npm run bench:service -- --seconds 60')
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .action(bench);

async function bench({ json, redis, ...load }: Flags): Promise<void> {
  const figures = await measureService({ ...load, redis: redis ?? null });
  if (json) {
    printJson({ machine: describeMachine(), ...figures });
    return;
  }
  const { processor, processors, platform, node } = describeMachine();
  print(`${processor}, ${processors} processors; Node ${node}, ${platform}\n`);
  print(text(figures));
}

const milliseconds = (value: number): string => `${value.toFixed(1)} ms`;
const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

function text(figures: ServiceFigures): string {
  const { submit, reads, limitMs, memory, stepsPerSecond } = figures;
  const row = (name: string, { count, p50, p99, max }: ServiceFigures['submit'], limit: string): string[] => [
    name,
    String(count),
    milliseconds(p50),
    milliseconds(p99),
    milliseconds(max),
    limit,
  ];
  const requests = table([
    ['request', 'count', 'median', '99 of 100', 'longest', 'limit'],
    row('submit', submit, ''),
    ...Object.entries(reads).map(([name, summary]) => row(name, summary, milliseconds(limitMs))),
  ]);
  const rest = table([
    ['jobs that wait, clients that follow', `${figures.jobs}, ${figures.followers}`],
    ['jobs in the list at the end', String(figures.listed)],
    ['told to followers', `${figures.itemsPerSecond.toFixed(0)} items a second`],
    [
      'memory: first, last fifth; largest',
      [memory.first, memory.last, memory.largest].map(mebibytes).join(', '),
    ],
    [
      'steps a second: before, during',
      `${stepsPerSecond.before.toFixed(2)}, ${stepsPerSecond.during.toFixed(2)}`,
    ],
  ]);
  return `${requests}\n\n${rest}`;
}
