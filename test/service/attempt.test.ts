import type { StopReason } from '#coordinator/service/run-stop.js';
import { LocopropError } from '#core/errors/error.js';
import * as moves from '#core/job/moves.js';
import type { JobRecord } from '#core/job/record.js';
import { describe, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../store/support.js';
import { attemptAt, attemptOf, waitsForWorkers, type Happening, type Run } from './attempts.js';
import { openStore, recordOf, recordsOf, until } from './support.js';

const passing = new LocopropError('STORE_WRITE_FAILED', { file: 'a', reason: 'no space' });
const lasting = new LocopropError('STORE_READ_FAILED', { file: 'a', reason: 'no permission' });
const defect = new TypeError('x is not a function');

describe('an attempt', () => {
  it.each<[string, Happening, string, string[], string | null]>([
    ['completes', { run: 'completes' }, 'completed', ['completed'], null],
    ['completes after others failed', { run: 'completes', attempt: 3 }, 'completed', ['completed'], null],
    [
      'completes before it saw a wish to pause',
      { run: 'completes', asked: 'pause' },
      'completed',
      ['pausing', 'completed'],
      null,
    ],
    [
      'completes before it saw a wish to cancel',
      { run: 'completes', asked: 'cancel' },
      'completed',
      ['cancelling', 'completed'],
      null,
    ],
    ['is paused', { run: 'stops', asked: 'pause', stop: ['paused'] }, 'paused', ['pausing', 'paused'], null],
    [
      'is cancelled',
      { run: 'stops', asked: 'cancel', stop: ['cancelled'] },
      'cancelled',
      ['cancelling', 'cancelled'],
      null,
    ],
    [
      'is given back at the end of its coordinator',
      { run: 'stops', stop: ['shutdown'] },
      'queued',
      ['returned'],
      null,
    ],
    ['is given back without its entry', { run: 'stops', stop: ['lost'] }, 'queued', ['returned'], null],
    [
      'ends with its coordinator, and somebody wished to pause',
      { run: 'stops', asked: 'pause', stop: ['shutdown'] },
      'paused',
      ['pausing', 'paused'],
      null,
    ],
    [
      'loses its entry, and somebody wished to cancel',
      { run: 'stops', asked: 'cancel', stop: ['lost'] },
      'cancelled',
      ['cancelling', 'cancelled'],
      null,
    ],
    ['has no time left', { run: 'stops', stop: ['time-limit'] }, 'failed', ['failed'], 'JOB_TIME_LIMIT'],
    [
      'has no time left while its coordinator ends',
      { run: 'stops', stop: ['shutdown', 'time-limit'] },
      'failed',
      ['failed'],
      'JOB_TIME_LIMIT',
    ],
    [
      'has no time left, and somebody wished to pause',
      { run: 'stops', asked: 'pause', stop: ['time-limit'] },
      'paused',
      ['pausing', 'paused'],
      null,
    ],
    ['has used up its time before', { run: 'stops', used: 61 }, 'failed', ['failed'], 'JOB_TIME_LIMIT'],
    ['fails in a way that may pass', { run: passing }, 'queued', ['retried'], 'STORE_WRITE_FAILED'],
    ['fails so the third time', { run: passing, attempt: 2 }, 'queued', ['retried'], 'STORE_WRITE_FAILED'],
    ['fails so the last time', { run: passing, attempt: 3 }, 'failed', ['failed'], 'STORE_WRITE_FAILED'],
    [
      'fails so while its coordinator ends',
      { run: passing, stop: ['shutdown'] },
      'queued',
      ['retried'],
      'STORE_WRITE_FAILED',
    ],
    [
      'fails so, and somebody wished to pause',
      { run: passing, asked: 'pause' },
      'failed',
      ['pausing', 'failed'],
      'STORE_WRITE_FAILED',
    ],
    [
      'fails so, and somebody wished to cancel',
      { run: passing, asked: 'cancel' },
      'cancelled',
      ['cancelling', 'cancelled'],
      null,
    ],
    ['fails for good', { run: lasting }, 'failed', ['failed'], 'STORE_READ_FAILED'],
    ['meets a defect', { run: defect }, 'failed', ['failed'], 'UNEXPECTED'],
  ])('that %s', async (_, happening, state, types, code) => {
    const { after, stored, history } = await attemptAt(happening);
    expect(stored).toEqual(after);
    expect(after).toMatchObject({ state, coordinator: null });
    expect(history.map(({ type }) => type)).toEqual(types.map((type) => `job.${type}`));
    expect(after!.failure?.code ?? null).toBe(code);
    const last = history.at(-1)!;
    if ('failure' in last) expect(last.failure).toEqual(after!.failure);
    expect(after!.runSeconds).toBeGreaterThan(happening.used ?? 0);
    expect(after!.endedAt === null).toBe(!['completed', 'failed', 'cancelled'].includes(state));
  });

  it.each([
    [0, 1, 2],
    [1, 2, 4],
    [2, 3, 8],
  ])('that fails after %i failures is followed by one after %i, in %i s', async (attempt, next, seconds) => {
    const { after, history } = await attemptAt({ run: passing, attempt });
    expect(after).toMatchObject({ attempt: next, ticket: 2 });
    expect(history).toMatchObject([{ attempt: next, delaySeconds: seconds, failure: { retryable: true } }]);
    expect(Date.parse(after!.notBefore!) - Date.parse(history[0]!.time)).toBe(1000 * seconds);
  });

  it('that is given back is no failed one, and says why', async () => {
    const reasonOf = async (stop: StopReason): Promise<unknown> => {
      const { after, history } = await attemptAt({ run: 'stops', stop: [stop], attempt: 1 });
      expect(after).toMatchObject({ attempt: 1, ticket: 2, notBefore: null, failure: null });
      return (history[0] as { reason?: string }).reason;
    };
    expect(await reasonOf('shutdown')).toBe('the coordinator here ends');
    expect(await reasonOf('lost')).toBe('the coordinator here has lost its entry in the queue');
  });

  it.each<[Run]>([['completes'], ['stops'], [passing], [defect]])(
    'whose job another has taken changes nothing: %s',
    async (run) => {
      let theirs: JobRecord | null = null;
      const { after, stored, attempt } = await attemptAt(
        { run, stop: run === 'stops' ? ['fenced'] : [] },
        (records) =>
          records
            .change('job', (own, now) => moves.taken(own, 'another', now))
            .then((record) => (theirs = record)),
      );
      expect(after).toBeNull();
      expect(stored).toEqual(theirs);
      expect(attempt.lost).toMatchObject({ code: 'JOB_NOT_OURS' });
    },
  );

  it('whose job was cancelled and deleted changes nothing', async () => {
    const { after, stored, attempt } = await attemptAt({ run: passing }, async (records) => {
      await records.change('job', moves.cancelAsked);
      await records.change('job', moves.cancelled);
      await records.remove('job', () => true);
    });
    expect([after, stored]).toEqual([null, null]);
    expect(attempt.lost).toMatchObject({ code: 'JOB_UNKNOWN' });
  });

  it('writes of its progress seldom, however short the epochs are', async () => {
    const store = await openStore(await temporaryFolder());
    const { records } = recordsOf(store);
    const short = { training: { epochs: 100_000, batchSize: 32 }, evaluation: { everyEpochs: 1 } };
    await records.create(recordOf('job', { changes: short }));
    const attempt = attemptOf(await records.change('job', (own, now) => moves.taken(own, 'here', now)), {
      store,
      records,
    });
    const replaced = vi.spyOn(store, 'replace');
    const startedMs = performance.now();
    const running = attempt.run();
    await until(() => (records.known('job')?.progress?.epoch ?? 0) >= 20, 'twenty epochs are in the record');
    attempt.stop.request('shutdown');
    const after = (await running)!;
    expect(after.progress!.epoch).toBeGreaterThanOrEqual(20);
    // Besides, it tells of its beginning, its first step and its end.
    const seconds = (performance.now() - startedMs) / 1000;
    expect(replaced.mock.calls.length).toBeLessThanOrEqual(3 + seconds);
  });

  it('that waits for workers says so in its record, until it waits no more', async () => {
    const store = await openStore(await temporaryFolder());
    const { records } = recordsOf(store);
    await records.create(recordOf('job'));
    const attempt = attemptOf(await records.change('job', (own, now) => moves.taken(own, 'here', now)), {
      store,
      records,
      cluster: waitsForWorkers,
    });
    const running = attempt.run();
    await until(() => records.known('job')?.progress?.waiting !== undefined, 'the record tells of it');
    expect(records.known('job')!.progress).toMatchObject({ step: 0, waiting: 'no worker has joined yet' });
    expect(attempt.progress).toMatchObject({ waiting: 'no worker has joined yet' });
    attempt.stop.request('shutdown');
    const after = await running;
    expect(after).toMatchObject({ state: 'queued', progress: { step: 0 } });
    expect(after!.progress).not.toHaveProperty('waiting');
  });

  it('counts its time with that of attempts whose process has died', async () => {
    const store = await openStore(await temporaryFolder());
    const { records } = recordsOf(store);
    const long = { training: { epochs: 100_000, batchSize: 8 }, evaluation: { everyEpochs: 1 } };
    await records.create(recordOf('job', { changes: long }));
    const first = attemptOf(await records.change('job', (own, now) => moves.taken(own, 'first', now)), {
      store,
      records,
    });
    const running = first.run();
    await until(() => (records.known('job')?.progress?.epoch ?? 0) >= 1, 'an epoch is done');
    // What is in the record now is all that is known of one that has died.
    const taken = await records.change('job', (own, now) => moves.taken(own, 'second', now));
    first.observe(taken);
    expect(await running).toBeNull();
    expect(taken.runSeconds).toBeGreaterThan(0);

    const second = attemptOf(taken, { store, records });
    second.stop.request('shutdown');
    const startedMs = performance.now();
    const returned = await second.run();
    const seconds = (performance.now() - startedMs) / 1000;
    expect(returned!.state).toBe('queued');
    expect(returned!.runSeconds).toBeGreaterThan(taken.runSeconds);
    expect(returned!.runSeconds - taken.runSeconds).toBeLessThan(seconds + 1);
  });
});
