import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { keepLossChart } from '#coordinator/finish/loss-chart.js';
import type { EpochMetrics, RunEventBody } from '#core/events.js';
import { lossChartSvg } from '#services/report/loss-chart.js';
import type { Run } from '#services/store/run.js';
import { emitAll, ended, epoch, newRun, opened, started, step } from '../tracking/support.js';

/** A run whose last epoch went by before the chart was due again; it was killed then. */
async function killed(): Promise<Run> {
  const run = await newRun();
  await keepLossChart(run, 'it');
  await emitAll(run, [started(), epoch(1, 4), epoch(2, 8), epoch(3, 12)]);
  await run.close();
  return run;
}

const expectChart = async ({ location }: Run, epochs: readonly RunEventBody[]): Promise<void> =>
  expect(await readFile(join(location, 'loss.svg'), 'utf8')).toBe(
    lossChartSvg(epochs as unknown as EpochMetrics[], 'it'),
  );

it('the loss chart of a run that goes on has each epoch once', async () => {
  const run = await opened(await killed());
  await keepLossChart(run, 'it');
  // From the checkpoint of epoch 1 on: what came after it is made again.
  await emitAll(run, [started({ step: 4 }), epoch(2, 8), ended('completed', 8)]);
  await run.close();
  await expectChart(run, [epoch(1, 4), epoch(2, 8)]);
});

it('the loss chart of a run that only ends when it goes on has all of its epochs', async () => {
  const run = await opened(await killed());
  await keepLossChart(run, 'it');
  await emitAll(run, [started({ step: 12 }), ended('completed', 12)]);
  await run.close();
  await expectChart(run, [epoch(1, 4), epoch(2, 8), epoch(3, 12)]);
});

it.each(['completed', 'stopped', 'failed'] as const)(
  'the loss chart of a run whose epochs are over in no time is whole once it has %s, and drawn seldom',
  async (outcome) => {
    const run = await newRun();
    await keepLossChart(run, 'it');
    const drawn = vi.spyOn(run, 'writeFile');
    const epochs = Array.from({ length: 100 }, (_, index) => epoch(index + 1, 4 * (index + 1)));
    await emitAll(run, [started(), ...epochs, ended(outcome, 400)]);
    await run.close();
    expect(drawn.mock.calls.length).toBeLessThan(10);
    await expectChart(run, epochs);
  },
);

it('the loss chart of a run without an epoch is not drawn', async () => {
  const run = await newRun();
  await keepLossChart(run, 'it');
  const drawn = vi.spyOn(run, 'writeFile');
  await emitAll(run, [started(), step(1), ended('failed', 1)]);
  await run.close();
  expect(drawn).not.toHaveBeenCalled();
});
