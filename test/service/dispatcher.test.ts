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

const times = (count: number, ...changes: readonly Change[]): Change[] =>
  Array.from({ length: count }, () => changes).flat();

/** A coordinator that starts where others have run a job and vanished, after each change of its record. */
async function afterOthers(changes: readonly Change[]) {
  const folder = await temporaryFolder();
  const store = await openStore(folder, () => undefined);
  const { records } = recordsOf(store);
  await records.create(recordOf('job'));
  for (const change of changes) await records.change('job', change);
  await store.close();
  return openCoordinator({ folder, solvesHere: true });
}

it.each([
  ['before its first step', times(10, taken)],
  ['while it repeats steps', [taken, hasCome(2), ...times(10, taken, hasCome(2))]],
] as const)('a job with which ten coordinators in a row vanish fails: %s', async (_, changes) => {
  const { service, reaches } = await afterOthers(changes);
  await reaches('job', 'failed');
  expect((await service.get('job')).failure).toMatchObject({
    code: 'JOB_COORDINATORS_LOST',
    message: expect.stringMatching(/^10 coordinators in a row .*, the last one gone,/) as string,
    retryable: false,
  });
  await service.resume('job');
  await reaches('job', 'completed');
});

it.each([
  ['nine of them', times(9, taken)],
  ['it gets on with each', Array.from({ length: 12 }, (_, step) => [taken, hasCome(step + 1)]).flat()],
] as const)('a job with which coordinators vanish goes on: %s', async (_, changes) => {
  const { service, reaches } = await afterOthers(changes);
  await reaches('job', 'completed');
  expect((await service.get('job')).failure).toBeNull();
});
