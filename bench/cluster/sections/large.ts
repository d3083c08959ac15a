import { table } from '../../../cli/format.js';
import { autoencoder } from '../../autoencoder.js';
import { syntheticPictures } from '../../data.js';
import { ClusterTraining } from '../cluster-training.js';
import { peakMemory, restartPeak } from '../peak-memory.js';
import type { ClusterBenchOptions, ClusterSection } from '../section.js';
import { WorkerProcess } from '../worker-process.js';

interface LargeFigures {
  readonly width: number;
  readonly batch: number;
  readonly stepSeconds: number;
  /** W + X + R⁰ in float32. */
  readonly layerBytes: number;
  readonly coordinatorPeakBytes: number;
  readonly coordinatorPeakOverLayer: number;
  /** The most that is wanted. */
  readonly limit: number;
  readonly workerPeakBytes: number;
}

const LIMIT = 4;
const BATCH = 64;

async function measure({ quick }: ClusterBenchOptions): Promise<LargeFigures> {
  const width = quick ? 256 : 16_384;
  const job = await autoencoder({ widths: [width, width], batch: BATCH, iterations: 2, optimizer: 'sgd' });
  restartPeak();
  let worker: WorkerProcess | null = null;
  const training = await ClusterTraining.open({
    job,
    data: syntheticPictures(5 * BATCH, width),
    threads: 1,
    startWorkers: (address) => [(worker = new WorkerProcess({ name: 'worker', address }))],
    workers: 1,
  });
  try {
    const [step] = await training.steps(1);
    const layerBytes = 4 * (width * width + 2 * BATCH * width);
    const coordinatorPeakBytes = peakMemory('self');
    return {
      width,
      batch: BATCH,
      stepSeconds: step!.seconds,
      layerBytes,
      coordinatorPeakBytes,
      coordinatorPeakOverLayer: coordinatorPeakBytes / layerBytes,
      limit: LIMIT,
      workerPeakBytes: peakMemory(worker!.pid),
    };
  } finally {
    await training.close();
  }
}

const gibibytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(2)} GiB`;

const text = (result: LargeFigures): string =>
  table([
    ['layer', `${result.width}×${result.width}, B = ${result.batch}, K = 2, sgd`],
    ['step', `${result.stepSeconds.toFixed(1)} s`],
    ['W + X + R⁰', gibibytes(result.layerBytes)],
    ['peak of the coordinator', gibibytes(result.coordinatorPeakBytes)],
    ['of W + X + R⁰', `${result.coordinatorPeakOverLayer.toFixed(2)} (at most ${result.limit})`],
    ['peak of the worker', gibibytes(result.workerPeakBytes)],
  ]);

/** One layer of a gibibyte of weights. */
export const largeSection: ClusterSection = {
  description: 'one layer of 16384×16384: time of a step and peak memory',
  measure: async (options) => {
    const figures = await measure(options);
    return { figures, text: text(figures) };
  },
};
