import { expect, it } from 'vitest';
import * as moves from '#core/job/moves.js';
import type { JobRecord } from '#core/job/record.js';
import { temporaryFolder } from '../store/support.js';
import { openCoordinator, openStore, recordOf, recordsOf } from './support.js';

type Change = (own: JobRecord, now: Date) => JobRecord;

const taken: Change = (own, now) => moves.taken(own, 'gone', now);
const hasCome =
  (step: number): Change =>
  (own) => ({
    ...own,
    progress: {
      ...{ step, steps: 4, epoch: 0, epochs: 1, loss: 1, trainLoss: null, testLoss: null },
      ...{ examplesPerSecond: null, secondsLeft: null },
    },
  });

/** A coordinator that starts where others have run a job and vanished, after each change of its record. */
async function afterOthers(changes: readonly Change[], retries: number) {
  const folder = await temporaryFolder();
  const store = await openStore(folder, () => undefined);
  const { records } = recordsOf(store);
  await records.create(recordOf('job', { changes: { queue: { retries } } }));
  for (const change of changes) await records.change('job', change);
  await store.close();
  return openCoordinator({ folder, solvesHere: true });
}

it.each([
  ['no retry is allowed', [taken], 0],
  ['retries are used up', [taken, taken, taken, taken], 3],
  ['it only repeats steps', [taken, hasCome(2), taken, hasCome(1), taken, hasCome(2), taken], 2],
] as const)('a job with which its coordinators vanish fails: %s', async (_, changes, retries) => {
  const { service, reaches } = await afterOthers(changes, retries);
  await reaches('job', 'failed');
  expect((await service.get('job')).failure).toMatchObject({
    code: 'JOB_COORDINATORS_LOST',
    message: expect.stringContaining('the last one gone') as string,
    retryable: false,
  });
  await service.resume('job');
  await reaches('job', 'completed');
});

it.each([
  ['retries are left', [taken, taken, taken], 3],
  ['it gets on with each', [taken, hasCome(1), taken, hasCome(2), taken, hasCome(3)], 0],
] as const)('a job with which its coordinators vanish goes on: %s', async (_, changes, retries) => {
  const { service, reaches } = await afterOthers(changes, retries);
  await reaches('job', 'completed');
  expect((await service.get('job')).failure).toBeNull();
});
