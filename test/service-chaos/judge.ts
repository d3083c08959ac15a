import type { JobRecord } from '#core/job/record.js';
import type { JobChange } from '#services/client/client.js';
import type { StoreView, Undisturbed } from '../service-faults/jobs.js';
import { completionFailure, historyFailure } from '../service-faults/verdict.js';
import { specOf, type Acknowledged, type ChaosClient } from './client.js';

/** What is wrong with the jobs of a campaign, all of which have ended; null where nothing is. */
export async function failureOf(
  client: ChaosClient,
  view: StoreView,
  undisturbed: Undisturbed,
): Promise<string | null> {
  const known = new Map((await view.store.list()).map(({ record }) => [record.id, record]));
  for (const job of client.jobs) {
    const record = known.get(job.id);
    if (!record) return `${job.id} was acknowledged, and is not there`;
    const broken = brokenPromise(job, record);
    if (broken !== null) return broken;
  }
  // Also those whose submit was never answered.
  for (const record of known.values()) {
    const { id, state, spec } = record;
    const expected = await undisturbed.digestOf(specOf(spec.seed, 0));
    const failure =
      state === 'cancelled'
        ? historyFailure(record)
        : await completionFailure(view, await view.job(id), expected);
    if (failure !== null) return failure;
  }
  return null;
}

/** What a change leaves in the history of a job. */
const traces: Readonly<Record<JobChange, readonly string[]>> = {
  pause: ['job.pausing', 'job.paused'],
  resume: ['job.resumed'],
  cancel: ['job.cancelling', 'job.cancelled'],
};

function brokenPromise({ id, changes }: Acknowledged, { state, history }: JobRecord): string | null {
  for (const change of changes) {
    if (history.some(({ type }) => traces[change].includes(type))) continue;
    return `${id} was to ${change}, which was acknowledged, and its history has nothing of it`;
  }
  const asked = changes.includes('cancel') || history.some(({ type }) => type === 'job.cancelling');
  // One that was asked too late has come to its end.
  if (state === 'cancelled' || state === 'completed') return null;
  return `${id} is ${state}${asked ? ', and was to be cancelled' : ''}`;
}
