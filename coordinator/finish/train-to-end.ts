import { keepEventFiles } from '../../services/tracking/tensorboard/event-files.js';
import { runJob, type Job, type RunJobOptions } from '../runner.js';
import { finishRun } from './finish-run.js';
import { keepLossChart } from './loss-chart.js';
import type { RunSummary } from './summary.js';

export type TrainToEndOptions = Omit<RunJobOptions, 'onStep'>;

/**
 * Runs a job to its end and leaves its pictures and its summary in the run's folder.
 * @throws LocopropError; the event run.ended tells of it too
 */
export async function trainToEnd(job: Job, options: TrainToEndOptions): Promise<RunSummary> {
  const { run, stop } = options;
  const startedMs = performance.now();
  await keepLossChart(run, job.spec.name);
  keepEventFiles(run);
  let summary: RunSummary | undefined;
  await runJob(job, options, async (finished) => {
    summary = await finishRun(finished, { spec: job.spec, run, stop, startedMs });
  });
  return summary!;
}
