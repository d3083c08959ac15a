import { afterAll, beforeAll, expect, it } from 'vitest';
import '../support/processes.js';
import { campaign, settings } from '../service-chaos/campaign.js';
import { lineOf } from '../service-chaos/text.js';
import { newSeed } from '../store/support.js';
import { RedisServer } from '../support/redis.js';
import { S3Server } from '../support/s3-server.js';

const KILLS = 10;

let bucket: S3Server | undefined;
beforeAll(async () => {
  bucket = await S3Server.start();
});
afterAll(() => bucket?.end());

it.each(settings.filter(({ queue }) => queue === 'redis'))(
  'loses no job, whenever coordinators are killed: $name',
  { timeout: 900_000 },
  async (setting) => {
    const redis = (await RedisServer.start()).url;
    const report = await campaign({ ...setting, seed: newSeed(), kills: KILLS, redis });
    console.log(lineOf(report));
    expect(report.failure).toBeNull();
  },
);
