import { Retention } from '#coordinator/service/retention.js';
import * as moves from '#core/job/moves.js';
import type { JobRecord } from '#core/job/record.js';
import type { JobStore } from '#services/store/job-store.js';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../store/support.js';
import { openStore, recordOf, recordsOf, until } from './support.js';

const DAY_MS = 86_400_000;
const START = Date.UTC(2026, 0, 1);
const end = { progress: null, runSeconds: 1 };
const failure = { code: 'X', message: 'it failed', remedy: 'wait', retryable: false };

let folder: string;
let store: JobStore;
let nowMs: number;
let records: ReturnType<typeof recordsOf>['records'];
let removed: [string, string][];
let failures: unknown[];
beforeEach(async () => {
  folder = await temporaryFolder();
  store = await openStore(folder);
  nowMs = START;
  ({ records } = recordsOf(store, () => new Date(nowMs)));
  removed = [];
  failures = [];
});
afterEach(() => {
  vi.useRealTimers();
});

const retention = (keepDays: number | null): Retention =>
  new Retention({
    records,
    keepDays,
    onRemoved: (job, reason) => removed.push([job, reason]),
    onError: (error) => failures.push(error),
  });

type Change = (own: JobRecord, now: Date) => JobRecord;
async function job(id: string, ...changes: readonly Change[]): Promise<void> {
  await records.create(recordOf(id, { at: records.now() }));
  for (const change of changes) await records.change(id, change);
}
const taken: Change = (own, now) => moves.taken(own, 'here', now);
const failed: Change = (own, now) => moves.failed(own, now, failure);

const ids = async (): Promise<string[]> => {
  await records.refresh();
  return (await records.all()).map(({ id }) => id).sort();
};

it('what ended longer ago than it is kept is deleted with its files, and nothing else', async () => {
  await job('queued');
  await job('running', taken);
  await job('paused', moves.paused);
  await job('cancelled', moves.cancelled);
  await job('failed', taken, failed);
  await job('completed', taken, (own, now) => moves.completed(own, now, end));
  await job('resumed', taken, failed, moves.resumed);
  await store.run('completed', 1).write('spec.yaml', [Buffer.from('a: 1\n')]);
  nowMs += 1;
  await job('younger', moves.cancelled);

  nowMs = START + 2 * DAY_MS;
  await retention(2).sweep();
  expect(removed, 'just two days').toEqual([]);
  nowMs += 1;
  await retention(2).sweep();
  expect(removed.map(([id]) => id).sort()).toEqual(['cancelled', 'completed', 'failed']);
  expect(removed[0]![1]).toBe('it ended more than 2 days ago');
  expect(await ids()).toEqual(['paused', 'queued', 'resumed', 'running', 'younger']);
  expect(await store.files('completed', 1)).toEqual([]);
});

it('a job that another coordinator resumed meanwhile stays', async () => {
  await job('a', taken, failed);
  nowMs += 10 * DAY_MS;
  const other = recordsOf(await openStore(folder)).records;
  await records.refresh();
  await other.change('a', moves.resumed);
  await retention(1).sweep();
  expect(removed).toEqual([]);
  expect(await ids()).toEqual(['a']);
});

it.each(['resumed', 'deleted'] as const)(
  'a job that another coordinator has %s while it was being deleted is left to that one',
  async (change) => {
    await job('a', taken, failed);
    await job('b', taken, failed);
    await store.run('a', 1).write('spec.yaml', [Buffer.from('a: 1\n')]);
    nowMs += 10 * DAY_MS;
    const other = recordsOf(await openStore(folder)).records;
    const remove = store.remove.bind(store);
    vi.spyOn(store, 'remove').mockImplementation(async (id, version) => {
      if (id === 'a' && change === 'resumed') await other.change('a', moves.resumed);
      if (id === 'a' && change === 'deleted') await other.remove('a', () => true);
      return remove(id, version);
    });
    await retention(1).sweep();
    expect(removed.map(([id]) => id)).toEqual(['b']);
    expect(await ids()).toEqual(change === 'resumed' ? ['a'] : []);
    expect(await store.files('a', 1)).toHaveLength(change === 'resumed' ? 1 : 0);
  },
);

it('jobs are kept for ever where no time is set', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  await job('a', moves.cancelled);
  nowMs += 10_000 * DAY_MS;
  const none = retention(null);
  none.start();
  vi.advanceTimersByTime(DAY_MS);
  await none.stop();
  await none.sweep();
  expect(await ids()).toEqual(['a']);
});

it('it is looked after at the start and once an hour, whatever fails, until it is stopped', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  await job('a', moves.cancelled);
  nowMs += 2 * DAY_MS;
  await job('b', moves.cancelled);
  const one = retention(1);
  one.start();
  await until(() => removed.length === 1, 'the first is deleted');
  nowMs += 2 * DAY_MS;
  vi.advanceTimersByTime(3_599_999);
  expect(removed.map(([id]) => id)).toEqual(['a']);

  const broken = vi.spyOn(records, 'remove').mockRejectedValueOnce(new Error('no space'));
  vi.advanceTimersByTime(1);
  await until(() => failures.length === 1, 'the failure is told');
  expect(failures).toMatchObject([{ message: 'no space' }]);
  broken.mockRestore();
  vi.advanceTimersByTime(3_600_000);
  await until(() => removed.length === 2, 'the second is deleted');

  await job('c', moves.cancelled);
  nowMs += 2 * DAY_MS;
  await one.stop();
  vi.advanceTimersByTime(7_200_000);
  await one.stop();
  expect(await ids()).toEqual(['c']);
});
