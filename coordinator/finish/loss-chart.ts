import type { EpochMetrics } from '../../core/events.js';
import { lossChartSvg } from '../../services/report/loss-chart.js';
import type { Run } from '../../services/store/run.js';

export const LOSS_CHART_FILE = 'loss.svg';

/** Keeps the run's loss chart up to date: it is drawn again at the end of every epoch. */
export async function keepLossChart(run: Run, title: string): Promise<void> {
  const epochs: EpochMetrics[] = await run.readMetrics();
  run.events.subscribe(async (event) => {
    if (event.type !== 'epoch.done') return;
    // A run that goes on from its checkpoint makes epochs behind it again.
    while (epochs.length > 0 && epochs.at(-1)!.epoch >= event.epoch) epochs.pop();
    epochs.push(event);
    await run.writeFile(LOSS_CHART_FILE, lossChartSvg(epochs, title));
  });
}
