import type { JobEvent } from '#core/job/record.js';
import { failed, retried, returned, submitted, taken } from '#core/job/moves.js';
import { type JobState, jobStates } from '#core/job/states.js';
import { describe, expect, it } from 'vitest';
import { parse } from '../spec/support.js';
import { serving, specText, submit } from './support.js';

const TIME = new Date('2026-01-02T03:04:05.678Z');
const timestamp = { seconds: TIME.getTime() / 1000 - 0.678, nanos: 678_000_000 };
const spec = parse(JSON.parse(specText()));
const failure = { code: 'ENGINE_LOST', message: 'It is gone.', remedy: 'Wait.', retryable: true };
const recordOf = (id: string) => submitted({ id, spec, idempotencyKey: null }, TIME);

describe('a job', () => {
  it('is submitted, once for each key', async () => {
    const { client } = await serving();
    const request = { spec: specText(), source: 'a.yaml', idempotencyKey: 'k' };
    const first = await client.call('Submit', request);
    expect(first).toMatchObject({
      job: {
        job: { id: 'job-1', name: 'small', state: 'JOB_STATE_QUEUED', priority: 70, position: 0 },
        history: [{ type: 'JOB_EVENT_TYPE_ACCEPTED', name: 'small', priority: 70 }],
      },
      created: true,
    });
    const { specJson } = first['job'] as { specJson: string };
    expect(JSON.parse(specJson)).toEqual(JSON.parse(JSON.stringify(spec)));
    expect(await client.call('Submit', request)).toEqual({ ...first, created: false });
    expect(await client.call('GetJob', { id: 'job-1' })).toEqual(first['job']);
  });

  it('is paused, resumed, cancelled and deleted', async () => {
    const far = await serving();
    const { client } = far;
    const id = await submit(far);
    expect(await client.call('PauseJob', { id })).toMatchObject({ id, state: 'JOB_STATE_PAUSED' });
    expect(await client.call('ResumeJob', { id })).toMatchObject({ id, state: 'JOB_STATE_QUEUED' });
    far.service.start(id);
    expect(await client.call('PauseJob', { id })).toMatchObject({ id, state: 'JOB_STATE_PAUSING' });
    expect(await client.call('CancelJob', { id })).toMatchObject({ id, state: 'JOB_STATE_CANCELLING' });
    const other = await submit(far);
    await client.call('CancelJob', { id: other });
    expect(await client.call('DeleteJob', { id: other })).toEqual({});
    expect([...far.service.records.keys()]).toEqual([id]);
  });

  it('is shown in every state', async () => {
    const { client, service } = await serving();
    for (const state of jobStates) service.records.set(state, { ...recordOf(state), state });
    const shown = await client.call('ListJobs', { limit: 100 });
    const states = (shown['jobs'] as { state: string }[]).map(({ state }) => state);
    expect(states.reverse()).toEqual(jobStates.map((state) => `JOB_STATE_${state.toUpperCase()}`));
    for (const state of jobStates) {
      const { jobs } = await client.call('ListJobs', { states: [`JOB_STATE_${state.toUpperCase()}`] });
      expect(jobs).toMatchObject([{ id: state }]);
    }
  });

  it('is shown with all that is known of it', async () => {
    const { client, service } = await serving();
    const progress = {
      ...{ step: 2 ** 40, steps: 2 ** 41, epoch: 3, epochs: 4 },
      ...{ loss: 0, trainLoss: 0.5, testLoss: null, examplesPerSecond: 1e6, secondsLeft: 12.5 },
      waiting: 'all workers are gone',
    };
    service.records.set('full', {
      ...taken(recordOf('full'), 'here', TIME),
      endedAt: TIME.toISOString(),
      notBefore: TIME.toISOString(),
      progress,
      failure,
    });
    const { testLoss: _, ...known } = progress;
    expect(await client.call('GetJob', { id: 'full' })).toMatchObject({
      job: {
        ...{ submittedAt: timestamp, startedAt: timestamp, endedAt: timestamp, notBefore: timestamp },
        coordinator: 'here',
        progress: known,
        failure,
      },
      history: [
        { number: 1, type: 'JOB_EVENT_TYPE_ACCEPTED', time: timestamp },
        {
          number: 2,
          type: 'JOB_EVENT_TYPE_STARTED',
          time: timestamp,
          coordinator: 'here',
          fence: 1,
          attempt: 1,
        },
      ],
    });
    const { job } = (await client.call('GetJob', { id: 'full' })) as { job: Record<string, unknown> };
    expect(Object.keys(job['progress'] as object)).not.toContain('testLoss');
    expect(Object.keys(job)).not.toContain('position');
  });

  it('is shown with events of every type', async () => {
    const { client, service } = await serving();
    const running = taken(recordOf('events'), 'here', TIME);
    const end = { progress: null, runSeconds: 1 };
    const notBefore = new Date(TIME.getTime() + 2000);
    const others = ['pausing', 'paused', 'resumed', 'cancelling', 'cancelled', 'completed'] as const;
    const history: readonly JobEvent[] = [
      ...others.map((type, at) => ({
        number: at + 1,
        time: TIME.toISOString(),
        type: `job.${type}` as const,
      })),
      ...retried(running, TIME, { failure, notBefore }, end).history.slice(-1),
      ...returned(running, TIME, 'it ends', end).history.slice(-1),
      ...failed(running, TIME, failure).history.slice(-1),
    ];
    service.records.set('events', { ...running, history });
    const time = timestamp;
    expect(await client.call('GetJob', { id: 'events' })).toMatchObject({
      history: [
        ...others.map((type) => ({ type: `JOB_EVENT_TYPE_${type.toUpperCase()}`, time })),
        { type: 'JOB_EVENT_TYPE_RETRIED', time, attempt: 1, delaySeconds: 2, failure },
        { type: 'JOB_EVENT_TYPE_RETURNED', time, coordinator: 'here', reason: 'it ends' },
        { type: 'JOB_EVENT_TYPE_FAILED', time, failure },
      ],
    });
  });
});

it('jobs are listed page by page, newest first', async () => {
  const far = await serving();
  for (const name of ['a', 'b', 'c', 'd', 'e']) await submit(far, name);
  const names: string[] = [];
  let cursor = '';
  do {
    const page = await far.client.call('ListJobs', { limit: 2, cursor });
    names.push(...(page['jobs'] as { name: string }[]).map(({ name }) => name));
    cursor = (page['next'] as string | undefined) ?? '';
  } while (cursor !== '');
  expect(names).toEqual(['e', 'd', 'c', 'b', 'a']);
});

it('several states can be asked for', async () => {
  const { client, service } = await serving();
  for (const state of jobStates) service.records.set(state, { ...recordOf(state), state });
  const wanted: JobState[] = ['paused', 'failed'];
  const { jobs } = await client.call('ListJobs', {
    states: wanted.map((state) => `JOB_STATE_${state.toUpperCase()}`),
  });
  expect(jobs).toMatchObject([{ id: 'failed' }, { id: 'paused' }]);
});

it('metrics come as they are', async () => {
  const far = await serving();
  const layer = { objectiveBefore: 2, objectiveAfter: 1, largestRise: 0, guardRedone: 3, guardGaveUp: 2 };
  const unknown = {
    objectiveBefore: null,
    objectiveAfter: null,
    largestRise: null,
    guardRedone: 0,
    guardGaveUp: 0,
  };
  const epoch = {
    ...{ epoch: 1, step: 2, trainLoss: 0.5, testLoss: 0.25, trainError: 4, testError: 0 },
    ...{ trainAccuracy: 0.75, testAccuracy: 1, trainSeconds: 9, examplesPerSecond: 10 },
  };
  const cluster = {
    stepSeconds: 1,
    predictedSeconds: 2,
    workers: [{ worker: 'w', busy: 0.5, solves: 7, bytes: 2 ** 40 }],
  };
  const bare = { ...epoch, testLoss: null, testError: null, trainAccuracy: null, testAccuracy: null };
  far.service.epochs.push({ ...epoch, layers: [layer], cluster }, { ...bare, layers: [unknown] });
  const { epochs } = await far.client.call('GetMetrics', { id: await submit(far) });
  const [first, second] = epochs as Record<string, unknown>[];
  expect(first).toMatchObject({ ...epoch, layers: [layer], cluster });
  expect(second).toMatchObject({ epoch: 1, layers: [{ guardRedone: 0 }] });
  expect(Object.keys(second!)).not.toContain('testLoss');
});

it('workers are listed with what they hold', async () => {
  const { client, service } = await serving();
  const worker = {
    ...{ host: 'h', engine: 'reference', threads: 2, memoryBytes: 2 ** 40, gflops: 1.5, bandwidth: 1e9 },
    ...{ leaving: true, solves: 3, busySeconds: 4.5, bytes: 2 ** 33 },
    parts: [{ job: 'j', layer: 1, start: 0, end: 10 }],
  };
  const solve = { job: 'j', step: 7, layer: 2 };
  const seconds = { receiveSeconds: 0.25, waitSeconds: 0, solveSeconds: 1.5, sendSeconds: 0.125 };
  const timeline = [1, 2].map((step) => ({ ...solve, ...seconds, step, startedAt: TIME.toISOString() }));
  service.workerViews.push({ ...worker, worker: 'w', joinedAt: TIME.toISOString(), timeline });
  expect(await client.call('ListWorkers', { timeline: 1 })).toMatchObject({
    workers: [{ timeline: [{ ...solve, ...seconds, step: 2, startedAt: timestamp }] }],
  });
  expect(await client.call('ListWorkers')).toMatchObject({
    workers: [{ ...worker, name: 'w', joinedAt: timestamp }],
  });
});
