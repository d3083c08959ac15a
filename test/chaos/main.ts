import { Command, InvalidArgumentError } from 'commander';
import { endAll } from '../support/running.js';
import { campaign } from './campaign.js';
import type { Report } from './play.js';
import { lineOf, summaryOf } from './text.js';

const toWhole = (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('It must be a whole number from 1.');
  return value;
};

const command = new Command('chaos')
  .description('Plays random faults in runs with workers, and looks whether each comes to the same bits.')
  .option('--runs <n>', 'how many runs', toWhole, 10)
  .option('--seed <n>', 'seed of the first run; each next one has the next', toWhole, 1)
  .option('--json', 'print the reports as one JSON document')
  .parse();
const { runs, seed, json } = command.opts<{ runs: number; seed: number; json?: true }>();

const reports: Report[] = [];
try {
  for await (const report of campaign(seed, runs)) {
    reports.push(report);
    if (!json) console.log(lineOf(report));
  }
} finally {
  await endAll();
}
console.log(json ? JSON.stringify(reports, null, 2) : summaryOf(reports));
process.exitCode = reports.every(({ failure }) => failure === null) ? 0 : 1;
