import { expect, it } from 'vitest';
import '../support/processes.js';
import { campaign, settings } from '../service-chaos/campaign.js';
import { lineOf } from '../service-chaos/text.js';
import { newSeed } from '../store/support.js';

const KILLS = 10;

const [alone] = settings.filter(({ queue }) => queue === 'local');

it(`loses no job, whenever the coordinator is killed: ${alone!.name}`, { timeout: 900_000 }, async () => {
  const report = await campaign({ ...alone!, seed: newSeed(), kills: KILLS, redis: null });
  console.log(lineOf(report));
  expect(report.failure).toBeNull();
});
