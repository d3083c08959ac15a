import { getJson, jobPath, problemFrom } from '../api/client.ts';
import { hasEnded, type Job, type JobMetrics } from '../api/types.ts';

/** Of the curves in a list, what is kept. */
const KEPT_JOBS = 500;
const KEPT_POINTS = 120;

interface Curve {
  /** At the end of each epoch. */
  epochs: readonly number[];
  /** The epoch that they were asked for at. */
  asked: number;
  /** Of batches, as the list was looked at: until there are epochs. */
  seen: number[];
}

const curves = new Map<string, Curve>();

/** Training losses of a job, for the list: those of its epochs, or those that were seen before the second. */
export const lossesOf = (id: string): readonly number[] => {
  const curve = curves.get(id);
  if (!curve) return [];
  return curve.epochs.length > 1 ? curve.epochs : curve.seen;
};

/** Requests at a time: the list itself waits behind them. */
const LANES = 3;
let noting = false;

/** Notes what a list says of its jobs, and asks for the epochs of those that have new ones. */
export async function noteLosses(jobs: readonly Job[]): Promise<void> {
  // What is left out comes with the next list.
  if (noting) return;
  noting = true;
  const left = [...jobs];
  const lane = async (): Promise<void> => {
    for (let job = left.shift(); job !== undefined; job = left.shift()) await noteLoss(job);
  };
  try {
    await Promise.all(Array.from({ length: LANES }, lane));
  } finally {
    noting = false;
  }
}

async function noteLoss(job: Job): Promise<void> {
  const { id, progress, state } = job;
  if (progress === null) return;
  const curve = curves.get(id) ?? { epochs: [], asked: 0, seen: [] };
  curves.delete(id);
  curves.set(id, curve);
  if (curves.size > KEPT_JOBS) curves.delete(curves.keys().next().value!);
  if (!hasEnded(state) && progress.loss !== null && progress.loss !== curve.seen.at(-1))
    curve.seen = [...curve.seen, progress.loss].slice(-KEPT_POINTS);
  if (progress.epoch < 2 || progress.epoch === curve.asked) return;
  curve.asked = progress.epoch;
  try {
    const { metrics } = await getJson<JobMetrics>(jobPath(id, `/metrics?points=${KEPT_POINTS}`));
    curve.epochs = metrics.map(({ trainLoss }) => trainLoss);
  } catch (error) {
    // A job that was deleted meanwhile has no curve; another is asked again at its next epoch.
    problemFrom(error);
  }
}
