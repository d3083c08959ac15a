import { expect, it } from 'vitest';
import '../support/processes.js';
import { campaign } from '../chaos/campaign.js';
import { lineOf } from '../chaos/text.js';

const FIRST_SEED = 1;

it('changes no bit, whatever happens to five runs', { timeout: 900_000 }, async () => {
  for await (const report of campaign(FIRST_SEED, 5)) expect(report.failure, lineOf(report)).toBeNull();
});
