import type { JobRecords } from '#coordinator/service/job-records.js';
import { QueueKeeper, type QueueKeeperOptions } from '#coordinator/service/queue-keeper.js';
import { queuedJob } from '#coordinator/service/queued-job.js';
import * as moves from '#core/job/moves.js';
import type { JobRecord } from '#core/job/record.js';
import { LocalQueue } from '#services/queue/local-queue.js';
import type { JobQueue, QueueEntry } from '#services/queue/queue.js';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { inMs } from '../queue/support.js';
import { temporaryFolder } from '../store/support.js';
import { openStore, recordOf, recordsOf, until } from './support.js';

const failure = { code: 'X', message: 'it failed', remedy: 'wait', retryable: true };
const end = { progress: null, runSeconds: 1 };

/** A queue as others share it, whose answers a test may change. */
const sharedQueue = (): JobQueue => Object.defineProperty(new LocalQueue(), 'shared', { value: true });

let records: JobRecords;
let queue: JobQueue;
let rebuilt: number[];
let looked: number;
let failures: unknown[];
let running: Set<string>;
beforeEach(async () => {
  ({ records } = recordsOf(await openStore(await temporaryFolder())));
  queue = new LocalQueue();
  rebuilt = [];
  looked = 0;
  failures = [];
  running = new Set();
});
afterEach(() => {
  vi.useRealTimers();
});

const keeper = (options: Partial<QueueKeeperOptions> = {}): QueueKeeper =>
  new QueueKeeper({
    records,
    queue,
    dispatcher: { has: (id) => running.has(id) },
    onRebuilt: (entries) => rebuilt.push(entries),
    onLooked: () => (looked += 1),
    onError: (error) => failures.push(error),
    ...options,
  });

/** A job as it is after some moves. */
async function job(
  id: string,
  ...changes: readonly ((own: JobRecord, now: Date) => JobRecord)[]
): Promise<JobRecord> {
  const seconds = Number(id.replace(/\D/g, '') || '0');
  await records.create(recordOf(id, { at: new Date(Date.UTC(2026, 0, 1, 0, 0, seconds)) }));
  for (const change of changes) await records.change(id, change);
  return records.get(id);
}
const taken = (own: JobRecord, now: Date): JobRecord => moves.taken(own, 'another', now);
const entryOf = ({ id, ticket }: JobRecord): QueueEntry => ({ id, ticket });

it('the queue is filled with the jobs that are to run, in the order in which they came', async () => {
  await job('c3');
  await job('a1');
  await job('b2');
  await job('paused', moves.paused);
  await job('cancelled', moves.cancelled);
  await job('completed', taken, (own, now) => moves.completed(own, now, end));
  await job('failed', taken, (own, now) => moves.failed(own, now, failure));
  const retried = await job('later', taken, (own, now) =>
    moves.retried(own, now, { failure, notBefore: new Date(inMs(60_000)) }, end),
  );
  await keeper().look();
  expect(await queue.waiting()).toEqual(['a1', 'b2', 'c3', 'later']);
  expect(await queue.has({ id: 'later', ticket: retried.ticket })).toBe(true);
  expect(rebuilt).toEqual([4]);
  await keeper().look();
  expect(rebuilt, 'nothing was missing').toEqual([4]);
  await queue.close();
});

it('an entry with an old ticket does for no job', async () => {
  const old = await job('a');
  await queue.add(queuedJob(old));
  await records.change('a', moves.paused);
  const resumed = await records.change('a', moves.resumed);
  await queue.remove(entryOf(old));
  await keeper().look();
  expect(await queue.has(entryOf(old))).toBe(false);
  expect(await queue.has(entryOf(resumed))).toBe(true);
});

it('a job that runs here has no need of an entry; one that nobody runs has, where the queue is in this process', async () => {
  const here = await job('here', taken);
  const dead = await job('dead', taken);
  running.add('here');
  await keeper().look();
  expect(await queue.has(entryOf(here))).toBe(false);
  expect(await queue.has(entryOf(dead))).toBe(true);
});

it('one that another runs has 20 s to get its entry back, counted from when that was missed', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  queue = sharedQueue();
  const elsewhere = await job('a', taken);
  const one = keeper();
  const lookAfter = async (seconds: number): Promise<boolean> => {
    vi.advanceTimersByTime(1000 * seconds);
    await one.look();
    return queue.has(entryOf(elsewhere));
  };
  expect([await lookAfter(0), await lookAfter(15), await lookAfter(5)]).toEqual([false, false, false]);
  expect(await lookAfter(1)).toBe(true);
  // It was given out, and was lost again with the queue.
  await lookAfter(5);
  await queue.remove(entryOf(elsewhere));
  expect([await lookAfter(5), await lookAfter(19), await lookAfter(2)]).toEqual([false, false, true]);
  expect(rebuilt).toEqual([1, 1]);
});

it('one that ended in between counts from the beginning when it is missed another time', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  queue = sharedQueue();
  await job('a', taken);
  const one = keeper();
  await one.look();
  await records.change('a', (own, now) => moves.failed(own, now, failure));
  vi.advanceTimersByTime(15_000);
  await one.look();
  await records.change('a', moves.resumed);
  const again = await records.change('a', taken);
  vi.advanceTimersByTime(15_000);
  await one.look();
  expect(await queue.has(entryOf(again))).toBe(false);
  vi.advanceTimersByTime(21_000);
  await one.look();
  expect(await queue.has(entryOf(again))).toBe(true);
});

it('a queued one that is missing from a shared queue is added at once', async () => {
  queue = sharedQueue();
  await job('a');
  await keeper().look();
  expect(await queue.waiting()).toEqual(['a']);
});

it('a job that was resumed while it was looked for is not added with its old ticket', async () => {
  const old = await job('a');
  vi.spyOn(queue, 'has').mockImplementationOnce(async () => {
    await records.change('a', moves.paused);
    await records.change('a', moves.resumed);
    return false;
  });
  await keeper().look();
  expect(await queue.has(entryOf(old))).toBe(false);
  expect(rebuilt).toEqual([]);
});

it('looks every five seconds, whatever fails, and says when all has answered', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const lost = new Error('it does not answer');
  const one = keeper();
  await one.start();
  expect(looked).toBe(1);
  vi.spyOn(queue, 'check').mockRejectedValueOnce(lost);
  vi.advanceTimersByTime(4999);
  expect(failures).toEqual([]);
  vi.advanceTimersByTime(1);
  await until(() => failures.length === 1, 'it is told');
  expect(failures).toEqual([lost]);
  const late = await job('a');
  vi.advanceTimersByTime(5000);
  await until(() => looked === 2, 'it looks again');
  expect(await queue.has(entryOf(late))).toBe(true);
  await one.stop();
  vi.advanceTimersByTime(20_000);
  await one.stop();
  expect(looked).toBe(2);
});

it('does not start where the queue does not answer', async () => {
  vi.spyOn(queue, 'check').mockRejectedValue(new Error('it does not answer'));
  await expect(keeper().start()).rejects.toThrow('it does not answer');
  expect(looked).toBe(0);
});
