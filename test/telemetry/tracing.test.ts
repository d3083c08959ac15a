import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createRun, readJob, resolvedYaml, trainToEnd, type RunSummary } from '#index';
import type { JobEvent, JobEventBody } from '#core/job/record.js';
import type { Tracing, TracingOptions } from '#services/telemetry/traces/contract.js';
import { openTracing } from '#services/telemetry/tracing.js';
import { folderWithSpec } from '../cli/support.js';
import { freePort } from '../support/processes.js';
import { startCollector, type Received } from './collector.js';
import { until } from '../support/until.js';

let folder: string;
beforeAll(async () => {
  folder = await folderWithSpec();
});

interface Kit {
  readonly tracing: Tracing;
  readonly lost: string[];
}

async function open(endpoint: string, more: Partial<TracingOptions> = {}): Promise<Kit> {
  const lost: string[] = [];
  const onLost = (error: Error): void => void lost.push(error.message);
  const own = { service: 'coordinator', version: '1.2.3', everySteps: 3, onLost };
  return { tracing: await openTracing({ endpoint, ...own, ...more }), lost };
}

let number = 0;
const job = (body: JobEventBody, atMs = Date.now()): JobEvent => ({
  number: (number += 1),
  time: new Date(atMs).toISOString(),
  ...body,
});
const started = (attempt = 1, fence = 1): JobEventBody => ({
  type: 'job.started',
  coordinator: 'c1',
  fence,
  attempt,
});
const named = (id: string): { id: string; name: string } => ({ id, name: 'tiny' });

let runs = 0;

/** Trains the tiny job, two epochs of four steps, and gives tracing what happens. */
async function train(tracing: Tracing, id: string): Promise<RunSummary> {
  tracing.job(job(started()), named(id));
  const { spec, ...rest } = await readJob(join(folder, 'tiny.yaml'));
  const run = await createRun({
    job: 'tiny',
    root: folder,
    directory: join(folder, `run-${(runs += 1)}`),
    spec: resolvedYaml(spec),
    keepCheckpoints: 2,
    program: 'test',
  });
  run.events.subscribe((event) => tracing.run(event, id));
  try {
    const own = { run, resume: false, stop: new AbortController().signal };
    return await trainToEnd({ spec, ...rest, environment: {} }, own);
  } finally {
    await run.close();
    tracing.job(job({ type: 'job.completed' }), named(id));
  }
}

const of = (spans: readonly Received[], name: string): Received[] =>
  spans.filter((span) => span.name === name);

describe('the trace of a job', () => {
  it('has its take, its data, its epochs, its checkpoints and every n-th step', async () => {
    const collector = await startCollector();
    const { tracing, lost } = await open(collector.endpoint, { headers: { 'x-tenant': 'me' } });
    await train(tracing, 'job-1');
    await tracing.close(5000);
    const { spans } = collector;

    const [root] = of(spans, 'job');
    expect(of(spans, 'job')).toHaveLength(1);
    expect(root).toMatchObject({
      trace: createHash('sha256').update('job-1').digest('hex').slice(0, 32),
      parent: null,
      resource: { 'service.name': 'coordinator', 'service.version': '1.2.3' },
      attributes: {
        'locoprop.job.id': 'job-1',
        'locoprop.job.name': 'tiny',
        'locoprop.job.attempt': 1,
        'locoprop.job.fence': 1,
        'locoprop.coordinator': 'c1',
        'locoprop.job.outcome': 'completed',
      },
    });
    const epochs = of(spans, 'epoch');
    expect(epochs.map(({ attributes }) => attributes['locoprop.epoch'])).toEqual([1, 2]);
    for (const { attributes, parent } of epochs) {
      expect(parent).toBe(root!.id);
      expect(attributes['locoprop.trainLoss']).toBeGreaterThan(0);
    }
    const steps = of(spans, 'step');
    expect(steps.map(({ attributes }) => attributes['locoprop.step'])).toEqual([3, 6]);
    expect(steps.map(({ parent }) => parent)).toEqual(epochs.map(({ id }) => id));
    for (const { attributes, startMs, endMs } of steps) {
      const phases = ['data', 'forward', 'targets', 'solve'].map(
        (phase) => attributes[`locoprop.seconds.${phase}`],
      );
      const sum = phases.reduce<number>((total, seconds) => total + (seconds as number), 0);
      expect(sum).toBeGreaterThan(0);
      // The phases are parts of the step; a little of it is none of them.
      expect(sum).toBeLessThanOrEqual((endMs - startMs) / 1000 + 1e-3);
    }
    expect(of(spans, 'evaluate').map(({ parent }) => parent)).toEqual(epochs.map(({ id }) => id));
    expect(of(spans, 'load')).toMatchObject([
      { parent: root!.id, attributes: { 'locoprop.trainExamples': 64 } },
    ]);
    const checkpoints = of(spans, 'checkpoint');
    expect(checkpoints.map(({ attributes }) => attributes['locoprop.step'])).toEqual([4, 8]);

    expect(new Set(spans.map(({ trace }) => trace)).size).toBe(1);
    const byId = new Map(spans.map((span) => [span.id, span]));
    for (const { name, parent, startMs, endMs } of spans) {
      expect(endMs, name).toBeGreaterThanOrEqual(startMs);
      if (parent === null) continue;
      // Times of events are whole milliseconds.
      expect(startMs, name).toBeGreaterThanOrEqual(byId.get(parent)!.startMs - 1);
      expect(endMs, name).toBeLessThanOrEqual(byId.get(parent)!.endMs + 1);
    }
    expect(new Set(collector.paths)).toEqual(new Set(['/v1/traces']));
    expect(collector.headers[0]).toMatchObject({ 'x-tenant': 'me', 'content-type': 'application/json' });
    expect(lost).toEqual([]);
  });

  it('is the same for all takes of it, each with what became of it', async () => {
    const collector = await startCollector();
    const { tracing } = await open(collector.endpoint);
    const message = 'GET http://me:secret-password@host failed';
    const failure = { code: 'DATA_FETCH_FAILED', message, remedy: '', retryable: true };
    const time = new Date().toISOString();
    tracing.job(job(started(1, 1)), named('a'));
    tracing.run({ type: 'worker.lost', sequence: 1, time, worker: 'w1', reason: 'silent' }, 'a');
    tracing.job(job({ type: 'job.retried', attempt: 1, delaySeconds: 2, failure }), named('a'));
    tracing.job(job(started(2, 2)), named('a'));
    tracing.job(job({ type: 'job.paused' }), named('a'));
    tracing.job(job({ type: 'job.resumed' }), named('a'));
    tracing.job(job(started(1, 3)), named('a'));
    tracing.lost('a');
    tracing.job(job(started(1, 4)), named('a'));
    tracing.job(job(started(1, 1)), named('b'));
    // The second take of `a` by this process, whose first it did not see end, and both are open at the end.
    tracing.job(job(started(1, 5)), named('a'));
    await tracing.close(5000);

    const takes = of(collector.spans, 'job').filter(
      ({ attributes }) => attributes['locoprop.job.id'] === 'a',
    );
    expect(
      takes.map(({ attributes }) => [attributes['locoprop.job.fence'], attributes['locoprop.job.outcome']]),
    ).toEqual([
      [1, 'retried'],
      [2, 'paused'],
      [3, 'lost'],
      [4, 'lost'],
      [5, 'lost'],
    ]);
    expect(new Set(takes.map(({ trace }) => trace)).size).toBe(1);
    expect(new Set(of(collector.spans, 'job').map(({ trace }) => trace)).size).toBe(2);
    expect(takes[0]).toMatchObject({
      events: ['worker.lost'],
      status: { code: 2, message: 'GET http://***@host failed' },
      attributes: { 'locoprop.error.code': 'DATA_FETCH_FAILED' },
    });
  });
});

describe('a collector that is not there', () => {
  it('disturbs no run, is told of once, and keeps nothing from ending', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as { port: number };
    const endpoints = [`http://127.0.0.1:${await freePort()}`, `http://127.0.0.1:${port}`];
    for (const endpoint of endpoints) {
      const { tracing, lost } = await open(endpoint, { everySteps: 1 });
      expect((await train(tracing, 'job-1')).outcome).toBe('completed');
      const startedMs = performance.now();
      await tracing.close(300);
      expect(performance.now() - startedMs).toBeLessThan(10_000);
      // After the end nothing is taken, and nothing fails.
      tracing.job(job(started()), named('late'));
      await tracing.close(300);
      expect(lost.length).toBeLessThanOrEqual(1);
    }
    silent.close();
  });

  it('is told of once, and again only after it was there', async () => {
    const collector = await startCollector();
    const { tracing, lost } = await open(collector.endpoint);
    const take = (): void => {
      tracing.job(job(started()), named('a'));
      tracing.job(job({ type: 'job.completed' }), named('a'));
    };
    collector.status = 400;
    for (const count of [1, 2]) {
      take();
      await until(() => collector.requests === count);
    }
    await until(() => lost.length > 0);
    collector.status = 200;
    take();
    await until(() => collector.spans.length === 1);
    expect(lost).toHaveLength(1);
    collector.status = 400;
    take();
    await until(() => lost.length === 2);
    await tracing.close(1000);
  });
});

it('refuses an endpoint that is no address', async () => {
  for (const endpoint of ['', 'localhost:4318', 'ftp://me:secret@host'])
    await expect(open(endpoint)).rejects.toMatchObject({ code: 'SETTING_INVALID' });
  await expect(open('ftp://me:secret@host')).rejects.not.toThrow(/secret/);
});
