import type { Run } from '../../services/store/run.js';
import type { ClusterOptions } from '../cluster/cluster.js';
import { runJob, type Job } from '../runner.js';
import { finishRun } from './finish-run.js';
import { keepLossChart } from './loss-chart.js';
import type { RunSummary } from './summary.js';

export interface TrainToEndOptions {
  readonly run: Run;
  /** Go on from the run's newest whole checkpoint. */
  readonly resume: boolean;
  /** Ends the run after the step in hand, with a checkpoint. */
  readonly stop: AbortSignal;
  /** Workers to solve the layers; without them the run's own engine does. */
  readonly cluster?: ClusterOptions;
}

/**
 * Runs a job to its end and leaves its pictures and its summary in the run's folder.
 * @throws LocopropError; the event run.ended tells of it too
 */
export async function trainToEnd(job: Job, options: TrainToEndOptions): Promise<RunSummary> {
  const { run, stop } = options;
  const startedMs = performance.now();
  await keepLossChart(run, job.spec.name);
  let summary: RunSummary | undefined;
  await runJob(job, options, async (finished) => {
    summary = await finishRun(finished, { spec: job.spec, run, stop, startedMs });
  });
  return summary!;
}
