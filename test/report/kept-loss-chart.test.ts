import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { keepLossChart } from '#coordinator/finish/loss-chart.js';
import type { EpochMetrics } from '#core/events.js';
import { lossChartSvg } from '#services/report/loss-chart.js';
import { epoch, newRun, opened } from '../tracking/support.js';

it('the loss chart of a run that goes on has each epoch once', async () => {
  const run = await newRun();
  await keepLossChart(run, 'it');
  for (const number of [1, 2, 3]) await run.events.emit(epoch(number, number * 4));
  await run.close();

  // From the checkpoint of epoch 1 on: what came after it is made again.
  const again = await opened(run);
  await keepLossChart(again, 'it');
  await again.events.emit(epoch(2, 8));
  await again.close();
  const chart = await readFile(join(run.location, 'loss.svg'), 'utf8');
  const expected = [epoch(1, 4), epoch(2, 8)] as unknown as EpochMetrics[];
  expect(chart).toBe(lossChartSvg(expected, 'it'));
});
