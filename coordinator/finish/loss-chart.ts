import type { EpochMetrics } from '../../core/events.js';
import { lossChartSvg } from '../../services/report/loss-chart.js';
import type { Run } from '../../services/store/run.js';

export const LOSS_CHART_FILE = 'loss.svg';

/** Between two drawings: the run waits for each, and epochs may be over in no time. */
const PERIOD_MS = 5000;

/** Keeps the run's loss chart up to date while the run goes on; with its end it has all epochs, however it ends. */
export async function keepLossChart(run: Run, title: string): Promise<void> {
  const epochs: EpochMetrics[] = await run.readMetrics();
  let drawnMs = -Infinity;
  let isNew = false;
  run.events.subscribe(async (event) => {
    if (event.type === 'run.started') {
      // A run that goes on from its checkpoint makes epochs behind it again.
      while (epochs.length > 0 && epochs.at(-1)!.step > event.step) epochs.pop();
      isNew = epochs.length > 0;
    }
    if (event.type === 'epoch.done') {
      epochs.push(event);
      isNew = true;
    }
    const isDue = event.type === 'run.ended' || performance.now() - drawnMs > PERIOD_MS;
    if (!isNew || !isDue) return;
    await run.writeFile(LOSS_CHART_FILE, lossChartSvg(epochs, title));
    drawnMs = performance.now();
    isNew = false;
  });
}
