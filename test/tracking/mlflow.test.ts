import { readFileSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { RunEventBody } from '#core/events.js';
import type { TrackingEvent } from '#core/job/service-events.js';
import type { JobSpec } from '#core/spec/job-spec.js';
import { createRun, openRun, type Run } from '#services/store/run.js';
import { MlflowTracking, type MlflowOptions } from '#services/tracking/mlflow/mlflow-tracking.js';
import { parse, specWith } from '../spec/support.js';
import { temporaryFolder } from '../store/support.js';
import { FakeMlflow, type Fault } from './fake-mlflow.js';
import { emitAll, ended, epoch, newRun, opened, runOptions, started, steps } from './support.js';

const ENOUGH_MS = 30_000;
const STEPS = 1100;

interface Kit {
  readonly tracking: MlflowTracking;
  readonly events: TrackingEvent[];
}

/** Logs a run from now on. */
function track(
  run: Run,
  address: string,
  { spec, ...more }: Partial<MlflowOptions> & { spec?: JobSpec } = {},
): Kit {
  onTestFinished(() => run.close());
  const events: TrackingEvent[] = [];
  const onEvent = (event: TrackingEvent): void => void events.push(event);
  const own = { address, experiment: 'digits', environment: {}, version: '1.2.3', onEvent };
  const tracking = new MlflowTracking({ ...own, ...more });
  tracking.follow(run, 'job', spec ?? parse(specWith({})));
  return { tracking, events };
}

const from = (step: number): RunEventBody => started({ epochs: 1, stepsPerEpoch: STEPS, step });
const counted = (last: number, first = 1): number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);

const whole = [from(0), ...steps(1, STEPS), epoch(1, STEPS), ended('completed', STEPS)];

/** What the server has at the end of a whole run, whatever happened. */
function expectWhole(server: FakeMlflow): void {
  expect(server.mistakes).toEqual([]);
  expect(server.runs).toHaveLength(1);
  const [run] = server.runs;
  expect(server.steps('loss/step')).toEqual(counted(STEPS));
  expect(server.steps('loss/train')).toEqual([STEPS]);
  expect(run).toMatchObject({ name: 'job', status: 'FINISHED' });
  expect(run!.params.get('local.iterations')).toBeDefined();
  expect(run!.tags.get('locoprop.engine')).toBe('onnx');
}

describe('a run', () => {
  it('is logged with its spec, its points and how it ended', async () => {
    const server = await FakeMlflow.start();
    const run = await newRun();
    const { tracking, events } = track(run, `${server.url}/`);
    const [, first] = await emitAll(run, whole);
    await tracking.close(ENOUGH_MS);
    expectWhole(server);
    expect(events).toEqual([]);
    expect([...server.experiments]).toEqual([['digits', '1']]);
    const [logged] = server.runs;
    expect(logged!.endTime).not.toBeNull();
    expect(logged!.metrics[0]).toEqual({
      key: 'loss/step',
      step: 1,
      value: 1,
      timestamp: Date.parse(first!.time),
    });
    const file = JSON.parse(readFileSync(join(run.location, 'mlflow.json'), 'utf8')) as object;
    expect(file).toMatchObject({ server: server.url, experiment: 'digits', runId: 'run1' });
  });

  it.each([
    ['completed', 'FINISHED'],
    ['stopped', 'KILLED'],
    ['failed', 'FAILED'],
  ] as const)('that is %s ends as %s', async (outcome, status) => {
    const server = await FakeMlflow.start();
    const run = await newRun();
    const { tracking } = track(run, server.url);
    await emitAll(run, [from(0), ...steps(1, 3), ended(outcome, 3)]);
    await tracking.close(ENOUGH_MS);
    expect(server.runs[0]!.status).toBe(status);
  });

  it('goes on as the same one, with no point twice, after it died ahead of its checkpoint', async () => {
    const server = await FakeMlflow.start();
    const run = await newRun();
    const dying = track(run, server.url);
    await emitAll(run, [from(0), ...steps(1, 700)]);
    await dying.tracking.close(ENOUGH_MS);
    expect(server.runs[0]!.status).toBe('RUNNING');
    await run.close();

    // Taken back to step 500, whose events are 1 to 501; a changed field is no conflict with what is logged.
    const again = await opened(run);
    await again.events.truncateTo(501);
    const changed = parse(specWith({ seed: 9 }));
    const { tracking, events } = track(again, server.url, { spec: changed });
    await emitAll(again, [from(500), ...steps(501, STEPS), epoch(1, STEPS), ended('completed', STEPS)]);
    await tracking.close(ENOUGH_MS);
    expectWhole(server);
    expect(events).toEqual([]);
  });

  it('is sent later where the server was away all the time', async () => {
    const server = await FakeMlflow.start();
    await server.stop();
    const run = await newRun();
    const away = track(run, server.url);
    await emitAll(run, whole);
    await away.tracking.close(300);
    expect(away.events.map(({ type }) => type)).toEqual(['tracking.lost', 'tracking.incomplete']);
    // Every step, and seven curves at the end of the epoch.
    expect(away.events.at(-1)).toMatchObject({
      points: STEPS + 7,
      reason: expect.stringContaining('ECONNREFUSED') as string,
    });
    await run.close();

    await server.listen();
    const again = await opened(run);
    const { tracking } = track(again, server.url);
    await emitAll(again, [from(STEPS), ended('completed', STEPS)]);
    await tracking.close(ENOUGH_MS);
    expectWhole(server);
  });

  it('does not wait for a server that says nothing', async () => {
    const server = await FakeMlflow.start();
    server.faults.set('experiments/get-by-name', ['silent']);
    const run = await newRun();
    const { tracking, events } = track(run, server.url);
    await emitAll(run, whole);
    expect(server.runs).toEqual([]);
    await tracking.close(100);
    expect(events).toMatchObject([
      { type: 'tracking.incomplete', points: STEPS + 7, reason: 'the server was too slow' },
    ]);
  });

  it('goes on without a server that refuses it', async () => {
    const server = await FakeMlflow.start();
    server.faults.set('runs/create', ['forbidden']);
    const run = await newRun();
    const { tracking, events } = track(run, server.url);
    await emitAll(run, whole);
    await tracking.close(ENOUGH_MS);
    expect(events).toMatchObject([
      { type: 'tracking.lost', final: true, reason: 'PERMISSION_DENIED: not you' },
      { type: 'tracking.incomplete', points: STEPS + 7 },
    ]);
    expect(server.requests.at(-1)).toBe('runs/create');
  });

  it('has a loss that is no number, and long and odd fields, as MLflow takes them', async () => {
    const server = await FakeMlflow.start();
    const run = await newRun();
    const spec = { ...parse(specWith({})), name: 'x'.repeat(600), 'a:b': '', secret: 'http://me:pw@host/' };
    const { tracking } = track(run, server.url, { spec: spec });
    await emitAll(run, [from(0), { ...steps(1, 1)[0]!, loss: Infinity } as RunEventBody, ended('failed', 1)]);
    await tracking.close(ENOUGH_MS);
    expect(server.mistakes).toEqual([]);
    expect(server.runs[0]!.metrics).toMatchObject([{ value: Infinity }]);
    const { params } = server.runs[0]!;
    expect([params.get('name')!.length, params.get('a_b'), params.get('secret')]).toEqual([
      500,
      '""',
      'http://***@host/',
    ]);
  });
});

describe('a server that fails', () => {
  /** A run whose log has everything but its end: what is sent is read of it. */
  let logged: string;
  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'locoprop-mlflow-'));
    const run = await createRun({ ...runOptions, job: 'job', root: folder, spec: 'name: job\n' });
    await emitAll(run, whole.slice(0, -1));
    await run.close();
    logged = run.location;
    return () => rm(folder, { recursive: true });
  });

  async function copied(): Promise<Run> {
    const folder = join(await temporaryFolder(), 'job');
    await cp(logged, folder, { recursive: true });
    return openRun(folder, runOptions);
  }

  const everywhere = [
    'experiments/create',
    'runs/create',
    'runs/get',
    'batch 1',
    'batch 2',
    'batch 3',
    'runs/update',
  ];
  /** The kinds of requests, of batches the description's, the first with points and the second. */
  const table: Readonly<Record<string, readonly string[]>> = {
    error: everywhere,
    unanswered: everywhere,
    half: ['batch 2', 'batch 3'],
    gateway: ['runs/create', 'batch 2'],
    busy: ['batch 2'],
  };
  const rows = Object.entries(table).flatMap(([fault, places]) =>
    places.map((place) => [fault as Fault, place] as const),
  );

  it.each(rows)('with %s at %s has every point once', async (fault, place) => {
    const server = await FakeMlflow.start();
    const number = Number(/^batch (\d)$/.exec(place)?.[1] ?? 0);
    const before = new Array<null>(Math.max(0, number - 1)).fill(null);
    server.faults.set(number > 0 ? 'runs/log-batch' : place, [...before, fault]);
    const run = await copied();
    const { tracking, events } = track(run, server.url);
    await emitAll(run, [from(STEPS), ended('completed', STEPS)]);
    await tracking.close(ENOUGH_MS);
    expectWhole(server);
    expect(events.map(({ type }) => type)).toEqual(['tracking.lost', 'tracking.restored']);
  });
});

describe('credentials', () => {
  const basic = `Basic ${Buffer.from('me:hunter2').toString('base64')}`;
  it.each([
    [{ MLFLOW_TRACKING_TOKEN: 'hunter2' }, '', 'Bearer hunter2'],
    [{ MLFLOW_TRACKING_USERNAME: 'me', MLFLOW_TRACKING_PASSWORD: 'hunter2' }, '', basic],
    [
      { MLFLOW_TRACKING_USERNAME: 'me', MLFLOW_TRACKING_PASSWORD: 'hunter2', MLFLOW_TRACKING_TOKEN: 'x' },
      '',
      basic,
    ],
    [{}, 'me:hunter2@', basic],
  ])('%j are sent, and stand nowhere else', async (environment, userinfo, expected) => {
    const server = await FakeMlflow.start();
    server.faults.set('runs/search', ['forbidden']);
    const run = await newRun();
    const address = server.url.replace('//', `//${userinfo}`);
    const { tracking, events } = track(run, address, { environment });
    await emitAll(run, [from(0), ...steps(1, 2), ended('completed', 2)]);
    await tracking.close(ENOUGH_MS);
    expect([...server.authorizations]).toEqual([expected]);
    const file = readFileSync(join(run.location, 'mlflow.json'), 'utf8');
    expect(JSON.stringify(events) + file).not.toContain('hunter2');
  });

  it.each(['localhost:5000', 'sqlite:///x.db', 'databricks'])('%s is no address', (address) => {
    const options = { address, experiment: 'x', environment: {}, version: '1', onEvent: () => undefined };
    expect(() => new MlflowTracking(options)).toThrow(/is no address of an MLflow tracking server/);
  });
});
