import type { JobRecord } from '#core/job/record.js';
import { hasEnded } from '#core/job/states.js';
import { STEPS_PER_EPOCH, stepsOf, type StoredJob, type StoreView } from './jobs.js';

const endings: readonly string[] = ['job.completed', 'job.cancelled', 'job.failed'];

/** What is wrong with what happened to a job as a whole; null where nothing is. */
export function historyFailure({ id, state, fence, history, runs }: JobRecord): string | null {
  const wrong = (what: string): string =>
    `${id}: ${what}: ${history.map((event) => JSON.stringify(event)).join('\n')}`;
  if (!history.every(({ number }, index) => number === index + 1)) return wrong('its events have gaps');
  const fences = history.flatMap((event) => (event.type === 'job.started' ? [event.fence] : []));
  if (fences.length !== fence || !fences.every((own, index) => own === index + 1)) {
    return wrong(`it was taken under the fences ${fences.join(' ')}, and has ${fence}`);
  }
  if (!runs.every(({ fence: own }, index) => own > (runs[index - 1]?.fence ?? 0))) {
    return wrong(`its runs are ${JSON.stringify(runs)}`);
  }
  for (const [index, { type }] of history.entries()) {
    const before = history[index - 1]?.type ?? '';
    if (endings.includes(before) && !(before === 'job.failed' && type === 'job.resumed')) {
      return wrong(`${type} follows ${before}`);
    }
  }
  const last = history.at(-1)?.type ?? '';
  if (hasEnded(state) !== endings.includes(last)) return wrong(`it is ${state} after ${last}`);
  if (hasEnded(state) && last !== `job.${state}`) return wrong(`it is ${state} after ${last}`);
  return null;
}

/** What is wrong with a job that was to come to its end; null where it is as if nothing had happened to it. */
export async function completionFailure(
  view: StoreView,
  job: StoredJob,
  expected: string,
): Promise<string | null> {
  const { record, events } = job;
  const { id, state, spec, failure } = record;
  const history = historyFailure(record);
  if (history !== null) return history;
  if (state !== 'completed') return `${id} is ${state}: ${failure?.message ?? ''}`;
  const count = spec.training.epochs * STEPS_PER_EPOCH;
  const steps = stepsOf(events);
  if (steps.length !== count || !steps.every((step, index) => step === index + 1)) {
    return `${id} has the steps ${steps.join(' ')}`;
  }
  const last = events.at(-1);
  if (last?.type !== 'run.ended' || last.outcome !== 'completed') return `${id} ends with ${last?.type}`;
  return (await view.digestOf(job)) === expected ? null : `${id} has other weights`;
}
