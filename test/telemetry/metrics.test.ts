import { describe, expect, it } from 'vitest';
import type { RunEvent, RunEventBody } from '#core/events.js';
import type { JobEvent, JobEventBody } from '#core/job/record.js';
import type { RequestEvent } from '#core/job/service-events.js';
import { jobStates } from '#core/job/states.js';
import { Metrics } from '#services/telemetry/metrics/metrics.js';
import type { MetricSources, WorkerLoad } from '#services/telemetry/metrics/sources.js';
import { readExposition, type Exposition } from './exposition.js';

const time = '2026-01-02T03:04:05.678Z';
let sequence = 0;
const run = (body: RunEventBody): RunEvent => ({ sequence: (sequence += 1), time, ...body });
const job = (body: JobEventBody): JobEvent => ({ number: (sequence += 1), time, ...body });

const step = (number: number, seconds = 0.2): RunEvent =>
  run({
    type: 'step.done',
    epoch: 1 + Math.floor((number - 1) / 4),
    step: number,
    loss: 10 / number,
    examples: 16,
    seconds,
    phases: { data: 0.01, forward: 0.04, targets: 0.05, solve: 0.1 },
  });

const epochDone = (trainLoss: number, testLoss: number | null): RunEvent =>
  run({
    type: 'epoch.done',
    epoch: 1,
    step: 4,
    trainLoss,
    testLoss,
    trainError: 0,
    testError: null,
    trainAccuracy: null,
    testAccuracy: null,
    trainSeconds: 1,
    examplesPerSecond: 1,
    layers: [],
  });

const failure = { code: 'ENGINE_FAILED', message: '', remedy: '', retryable: true };

const request = (more: Partial<RequestEvent>): RequestEvent => ({
  type: 'request',
  request: 'r',
  transport: 'http',
  method: 'GET',
  route: '/v1/jobs/:id',
  status: 200,
  seconds: 0.02,
  peer: '127.0.0.1',
  tokenName: null,
  ...more,
});

const nothing: MetricSources = {
  jobs: () => Promise.resolve({}),
  queue: () => Promise.resolve({ waiting: 0, oldestSeconds: 0 }),
  workers: () => Promise.resolve([]),
};

interface Kit {
  readonly metrics: Metrics;
  readonly missing: string[];
  readonly scrape: () => Promise<Exposition>;
}

function kit(sources: Partial<MetricSources> = {}): Kit {
  const missing: string[] = [];
  const metrics = new Metrics({
    version: '1.2.3',
    sources: { ...nothing, ...sources },
    onMissing: (source, error) => missing.push(`${source}: ${(error as Error).message}`),
  });
  return { metrics, missing, scrape: async () => readExposition(await metrics.text()) };
}

describe('metrics of runs', () => {
  it('count steps, their seconds, phases and examples', async () => {
    const { metrics, scrape } = kit();
    for (let number = 1; number <= 5; number++) metrics.run(step(number, number === 5 ? 3 : 0.2), 'j1');
    const seen = await scrape();
    expect(seen.value('locoprop_steps_total')).toBe(5);
    expect(seen.value('locoprop_examples_total')).toBe(80);
    expect(seen.value('locoprop_step_seconds_count')).toBe(5);
    expect(seen.value('locoprop_step_seconds_sum')).toBeCloseTo(3.8, 9);
    expect(seen.value('locoprop_step_seconds_bucket', { le: '0.1' })).toBe(0);
    expect(seen.value('locoprop_step_seconds_bucket', { le: '0.25' })).toBe(4);
    expect(seen.value('locoprop_step_seconds_bucket', { le: '+Inf' })).toBe(5);
    expect(seen.value('locoprop_step_phase_seconds_total', { phase: 'solve' })).toBeCloseTo(0.5, 9);
    expect(seen.labelled('locoprop_step_phase_seconds_total', 'phase')).toEqual([
      'data',
      'forward',
      'targets',
      'solve',
    ]);
    expect(seen.value('locoprop_epoch', { job_id: 'j1' })).toBe(2);
    expect(seen.value('locoprop_batch_loss', { job_id: 'j1' })).toBe(2);
  });

  it('count what goes wrong', async () => {
    const { metrics, scrape } = kit();
    const part = { layer: 1, start: 0, end: 4, worker: 'w2' };
    const events: RunEventBody[] = [
      { type: 'worker.lost', worker: 'w1', reason: 'gone' },
      { type: 'worker.restarted', worker: 'w1', reason: 'gone', delayMs: 200 },
      { type: 'part.recovered', step: 1, part, from: 'w1', repeated: 1, seconds: 0.1 },
      { type: 'part.recovered', step: 1, part, from: 'w1', repeated: 1, seconds: 0.1 },
      {
        type: 'guard.redone',
        step: 1,
        layer: 1,
        attempt: 1,
        learningRateFactor: 0.5,
        objectiveBefore: 1,
        objectiveAfter: 2,
      },
      {
        type: 'guard.gave-up',
        step: 1,
        layer: 1,
        attempt: 2,
        learningRateFactor: 0.25,
        objectiveBefore: 1,
        objectiveAfter: 2,
      },
      { type: 'checkpoint.saved', step: 1, file: 'c', best: true },
      { type: 'checkpoint.damaged', file: 'c', reason: 'torn' },
    ];
    for (const event of events) metrics.run(run(event), 'j1');
    metrics.job(job({ type: 'job.retried', attempt: 1, delaySeconds: 2, failure }), 'j1');
    metrics.job(job({ type: 'job.failed', failure }), 'j1');
    const seen = await scrape();
    expect(seen.value('locoprop_worker_lost_total')).toBe(1);
    expect(seen.value('locoprop_worker_restarted_total')).toBe(1);
    expect(seen.value('locoprop_part_recovered_total')).toBe(2);
    expect(seen.value('locoprop_guard_redone_total')).toBe(1);
    expect(seen.value('locoprop_guard_gave_up_total')).toBe(1);
    expect(seen.value('locoprop_checkpoints_total')).toBe(1);
    expect(seen.value('locoprop_checkpoints_damaged_total')).toBe(1);
    expect(seen.value('locoprop_job_attempts_failed_total')).toBe(2);
    expect(seen.value('locoprop_jobs_ended_total', { state: 'failed' })).toBe(1);
  });

  const endings: readonly (readonly [string, (metrics: Metrics) => void])[] = [
    [
      'its run',
      (metrics) =>
        metrics.run(run({ type: 'run.ended', outcome: 'stopped', step: 4, epoch: 1, reason: null }), 'j1'),
    ],
    ['job.completed', (metrics) => metrics.job(job({ type: 'job.completed' }), 'j1')],
    ['job.cancelled', (metrics) => metrics.job(job({ type: 'job.cancelled' }), 'j1')],
    ['job.paused', (metrics) => metrics.job(job({ type: 'job.paused' }), 'j1')],
    [
      'job.returned',
      (metrics) => metrics.job(job({ type: 'job.returned', coordinator: 'c', reason: 'r' }), 'j1'),
    ],
    ['job.failed', (metrics) => metrics.job(job({ type: 'job.failed', failure }), 'j1')],
    ['job.lost', (metrics) => metrics.service({ type: 'job.lost', jobId: 'j1', fence: 1, reason: 'taken' })],
  ];
  it.each(endings)('have series of a job until %s', async (_, end) => {
    const { metrics, scrape } = kit();
    for (const id of ['j1', 'j2']) {
      metrics.run(step(4), id);
      metrics.run(epochDone(1.5, id === 'j1' ? 2.5 : null), id);
    }
    const before = await scrape();
    expect(before.value('locoprop_train_loss', { job_id: 'j1' })).toBe(1.5);
    expect(before.value('locoprop_test_loss', { job_id: 'j1' })).toBe(2.5);
    expect(before.labelled('locoprop_test_loss', 'job_id')).toEqual(['j1']);
    end(metrics);
    const after = await scrape();
    for (const name of ['epoch', 'batch_loss', 'train_loss'])
      expect(after.labelled(`locoprop_${name}`, 'job_id')).toEqual(['j2']);
    expect(after.labelled('locoprop_test_loss', 'job_id')).toEqual([]);
  });
});

describe('metrics of states', () => {
  it('are looked up at each scrape', async () => {
    let waiting = 3;
    const { scrape } = kit({
      jobs: () => Promise.resolve({ queued: waiting, running: 1 }),
      queue: () => Promise.resolve({ waiting, oldestSeconds: 12.5 }),
    });
    const first = await scrape();
    expect(first.labelled('locoprop_jobs', 'state')).toEqual([...jobStates]);
    expect(first.value('locoprop_jobs', { state: 'queued' })).toBe(3);
    expect(first.value('locoprop_jobs', { state: 'failed' })).toBe(0);
    expect(first.value('locoprop_queue_waiting')).toBe(3);
    expect(first.value('locoprop_queue_oldest_seconds')).toBe(12.5);
    waiting = 0;
    expect((await scrape()).value('locoprop_queue_waiting')).toBe(0);
  });

  it('have series of a worker until it leaves', async () => {
    let workers: WorkerLoad[] = [
      { worker: 'w1', engine: 'onnx', solves: 10, busySeconds: 1.5, bytes: 1000 },
      { worker: 'w2', engine: 'onnx', solves: 20, busySeconds: 2.5, bytes: 2000 },
    ];
    const { scrape } = kit({ workers: () => Promise.resolve(workers) });
    const first = await scrape();
    expect(first.value('locoprop_workers', { engine: 'onnx' })).toBe(2);
    expect(first.value('locoprop_worker_solves_total', { worker: 'w2' })).toBe(20);
    expect(first.value('locoprop_worker_busy_seconds_total', { worker: 'w1' })).toBe(1.5);
    expect(first.value('locoprop_wire_bytes_total', { worker: 'w1' })).toBe(1000);
    workers = [{ ...workers[1]!, solves: 25 }];
    const second = await scrape();
    expect(second.value('locoprop_workers', { engine: 'onnx' })).toBe(1);
    expect(second.value('locoprop_worker_solves_total', { worker: 'w2' })).toBe(25);
    for (const name of ['worker_solves_total', 'worker_busy_seconds_total', 'wire_bytes_total'])
      expect(second.labelled(`locoprop_${name}`, 'worker')).toEqual(['w2']);
  });

  it('are missing, and told of, where a source fails or does not answer', async () => {
    const { missing, scrape } = kit({
      jobs: () => Promise.reject(new Error('the disk is gone')),
      queue: () => new Promise(() => undefined),
      workers: () => {
        throw new Error('no list');
      },
    });
    const seen = await scrape();
    expect(seen.labelled('locoprop_jobs', 'state')).toEqual([]);
    expect(seen.value('locoprop_queue_waiting')).toBeNaN();
    expect(seen.value('locoprop_scrape_failures_total', { source: 'jobs' })).toBe(1);
    expect(seen.value('locoprop_steps_total')).toBe(0);
    expect(missing.toSorted()).toEqual([
      'jobs: the disk is gone',
      'queue: no answer in 4000 ms',
      'workers: no list',
    ]);
  });

  it('are whole also where two scrapes meet', async () => {
    const load = (worker: string): WorkerLoad => ({
      worker,
      engine: 'onnx',
      solves: 1,
      busySeconds: 1,
      bytes: 1,
    });
    const { metrics } = kit({ workers: () => Promise.resolve([load('w1'), load('w2')]) });
    for (const text of await Promise.all(Array.from({ length: 20 }, () => metrics.text()))) {
      expect(readExposition(text).value('locoprop_workers', { engine: 'onnx' })).toBe(2);
    }
  });
});

describe('metrics of requests', () => {
  it('count by route, and know no more routes than there are', async () => {
    const { metrics, scrape } = kit();
    metrics.service(request({}));
    metrics.service(request({ seconds: 0.2 }));
    metrics.service(request({ method: 'POST', route: '/v1/jobs', status: 201 }));
    for (let number = 0; number < 50; number++)
      metrics.service(request({ method: `X${number}`, route: null, status: 404 }));
    metrics.service(request({ transport: 'grpc', method: 'Submit', route: 'Submit', status: 'OK' }));
    for (let number = 0; number < 50; number++)
      metrics.service(
        request({ transport: 'grpc', method: `X${number}`, route: null, status: 'UNIMPLEMENTED' }),
      );
    const seen = await scrape();
    const get = { method: 'GET', route: '/v1/jobs/:id' };
    expect(seen.value('locoprop_http_requests_total', { ...get, status: '200' })).toBe(2);
    expect(seen.value('locoprop_http_request_seconds_sum', get)).toBeCloseTo(0.22, 9);
    expect(seen.value('locoprop_http_request_seconds_bucket', { ...get, le: '0.05' })).toBe(1);
    const none = { method: 'other', route: 'none', status: '404' };
    expect(seen.value('locoprop_http_requests_total', none)).toBe(50);
    expect(seen.labelled('locoprop_http_requests_total', 'route')).toHaveLength(3);
    expect(seen.value('locoprop_grpc_requests_total', { method: 'Submit', status: 'OK' })).toBe(1);
    expect(seen.labelled('locoprop_grpc_requests_total', 'method')).toEqual(['Submit', 'unknown']);
  });
});

it('says what runs, and how the process does', async () => {
  const { metrics, scrape } = kit();
  const seen = await scrape();
  expect(seen.value('locoprop_build_info', { version: '1.2.3', node: process.version })).toBe(1);
  expect(seen.value('process_resident_memory_bytes')).toBeGreaterThan(1e6);
  expect(seen.types.get('nodejs_eventloop_lag_seconds')).toBe('gauge');
  expect(metrics.contentType).toMatch(/^text\/plain; version=0\.0\.4/);
  expect([...seen.types.keys()].toSorted()).toEqual(metrics.names.toSorted());
});
