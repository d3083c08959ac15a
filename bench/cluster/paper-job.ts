import type { Dataset } from '../../core/dataset.js';
import { autoencoder, type Autoencoder, type AutoencoderChoice } from '../autoencoder.js';
import { syntheticPictures } from '../data.js';
import { WorkerProcess } from './worker-process.js';
import type { Quota } from './cpu-quota.js';
import type { ClusterBenchOptions } from './section.js';

const TINY = { widths: [96, 160, 16, 160, 96], batch: 20, iterations: 2 };

export interface PaperJob {
  readonly job: Autoencoder;
  readonly data: Dataset;
}

/** The paper's autoencoder, or a tiny one, with data for so many steps of one epoch. */
export async function paperJob(
  choice: Omit<AutoencoderChoice, 'widths'>,
  { quick }: ClusterBenchOptions,
  steps: number,
): Promise<PaperJob> {
  const chosen = quick ? { ...choice, ...TINY } : { ...choice, widths: null };
  const job = await autoencoder(chosen);
  return { job, data: syntheticPictures((steps + 1) * chosen.batch, job.widths[0]!) };
}

/** Workers that dial the coordinator itself. */
export const plainWorkers =
  (count: number, quota?: Quota) =>
  (address: string): WorkerProcess[] =>
    Array.from(
      { length: count },
      (_, index) => new WorkerProcess({ name: `worker-${index + 1}`, address, quota }),
    );
