import { Command, InvalidArgumentError, Option } from 'commander';
import { endRedisServers, RedisServer } from '../support/redis-server.js';
import { endAll } from '../support/running.js';
import { S3Server } from '../support/s3-server.js';
import { campaign, settings, type Report } from './campaign.js';
import { lineOf } from './text.js';

const toWhole = (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('It must be a whole number from 1.');
  return value;
};

const command = new Command('service-chaos')
  .description(
    'Kills coordinators at random while clients have them run jobs, and looks at what becomes of these.',
  )
  .option('--kills <n>', 'how many, of each queue and store', toWhole, 50)
  .option('--seed <n>', 'what they are drawn from', toWhole, 1)
  .addOption(new Option('--queue <kind>', 'that alone').choices(['local', 'redis']))
  .addOption(new Option('--store <kind>', 'that alone').choices(['folder', 'bucket']))
  .option('--json', 'print the reports as one JSON document')
  .parse();
const { kills, seed, json, ...only } = command.opts<{
  kills: number;
  seed: number;
  queue?: string;
  store?: string;
  json?: true;
}>();

const chosen = settings.filter(
  ({ queue, store }) => queue === (only.queue ?? queue) && store === (only.store ?? store),
);
if (chosen.length === 0) command.error('There is no bucket without a Redis.');
const reports: Report[] = [];
const bucket = chosen.some(({ store }) => store === 'bucket') ? await S3Server.start() : null;
try {
  for (const setting of chosen) {
    const redis = setting.queue === 'redis' ? (await RedisServer.start()).url : null;
    const report = await campaign({ ...setting, seed, kills, redis });
    reports.push(report);
    if (!json) console.log(lineOf(report));
  }
} finally {
  await endAll();
  await endRedisServers();
  await bucket?.end();
}
if (json) console.log(JSON.stringify(reports, null, 2));
process.exitCode = reports.every(({ failure }) => failure === null) ? 0 : 1;
