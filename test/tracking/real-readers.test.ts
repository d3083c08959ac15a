import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { createRun, openRun, readJob, resolvedYaml, trainToEnd } from '#index';
import type { RunEvent } from '#core/events.js';
import type { TrackingEvent } from '#core/job/service-events.js';
import { MlflowTracking } from '#services/tracking/mlflow/mlflow-tracking.js';
import { folderWithSpec, temporaryFolder } from '../cli/support.js';

const pathOf = (name: string): string => fileURLToPath(new URL(`../services/${name}`, import.meta.url));

/** A program of test/services, which ends with its input. */
function python(script: string, argument: string): ChildProcess & { readonly lines: AsyncIterator<string> } {
  const program = pathOf('.venv/bin/python');
  if (!existsSync(program)) throw new Error('run test/services/install.sh first');
  const child = spawn(program, [pathOf(script), argument], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return Object.assign(child, { lines });
}

async function nextLine({ lines }: { readonly lines: AsyncIterator<string> }): Promise<string> {
  const next = (await lines.next()) as IteratorResult<string, undefined>;
  if (next.done) throw new Error('it has ended');
  return next.value;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const closed = once(child, 'close');
  child.stdin?.end();
  await closed;
}

let folder: string;
let server: ChildProcess & { readonly lines: AsyncIterator<string> };
let url: string;
beforeAll(async () => {
  folder = await folderWithSpec();
  server = python('tracking_server.py', `file://${await temporaryFolder()}`);
  url = `http://127.0.0.1:${await nextLine(server)}`;
}, 180_000);
afterAll(() => end(server));

const runOptions = { keepCheckpoints: 9, program: 'test' };
const problems: TrackingEvent[] = [];

interface Training {
  readonly directory: string;
  readonly resume: boolean;
  /** The step after which it is stopped. */
  readonly until?: number;
}

/** Trains the tiny job, two epochs of four steps, with a checkpoint after every third step. */
async function train({ directory, resume, until }: Training): Promise<void> {
  const job = await readJob(join(folder, 'tiny.yaml'), [{ path: ['checkpoints', 'everySteps'], value: 3 }]);
  const created = { job: 'tiny', root: folder, directory, spec: resolvedYaml(job.spec), ...runOptions };
  const run = resume ? await openRun(directory, runOptions) : await createRun(created);
  const onEvent = (event: TrackingEvent): void => void problems.push(event);
  const own = { address: url, experiment: 'tiny', environment: {}, version: '1.2.3', onEvent };
  const tracking = new MlflowTracking(own);
  tracking.follow(run, 'tiny', job.spec);
  const stop = new AbortController();
  run.events.subscribe((event) => {
    if (event.type === 'step.done' && event.step === until) stop.abort();
  });
  try {
    await trainToEnd({ ...job, environment: {} }, { run, resume, stop: stop.signal });
  } finally {
    await tracking.close(60_000);
    await run.close();
  }
}

type History = { readonly metrics?: readonly { readonly step: number; readonly value: number }[] };

async function ask<Answer>(path: string): Promise<Answer> {
  const response = await fetch(`${url}/api/2.0/mlflow/${path}`);
  expect(response.status).toBe(200);
  return (await response.json()) as Answer;
}

it(
  'a run that dies and goes on is one curve to TensorBoard, which looks on, and one run to MLflow',
  { timeout: 300_000 },
  async () => {
    const directory = join(folder, 'run');
    // Its last checkpoint is lost, as if it had died: step 7 is taken back, and trained again.
    await train({ directory, resume: false, until: 7 });
    const checkpoints = join(directory, 'checkpoints');
    const newest = readdirSync(checkpoints)
      .filter((name) => /\d/.test(name))
      .toSorted()
      .at(-1)!;
    rmSync(join(checkpoints, newest));
    const board = python('event_reader.py', directory);
    onTestFinished(() => end(board));
    const look = async (): Promise<Record<string, [number, number][]>> => {
      board.stdin?.write('\n');
      return JSON.parse(await nextLine(board)) as Record<string, [number, number][]>;
    };
    const before = await look();
    expect(before['loss/step']).toHaveLength(7);

    await train({ directory, resume: true });
    const log = readFileSync(join(directory, 'events.jsonl'), 'utf8').trim().split('\n');
    const events = log.map((line) => JSON.parse(line) as RunEvent);
    const losses = events.flatMap((event) => (event.type === 'step.done' ? [[event.step, event.loss]] : []));
    expect(losses.map(([step]) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    const after = await look();
    // Event files have float32.
    expect(after['loss/step']).toEqual(losses.map(([step, loss]) => [step, Math.fround(loss!)]));
    const epochs = events.flatMap((event) => (event.type === 'epoch.done' ? [event] : []));
    expect(after['loss/train']).toEqual(epochs.map(({ step, trainLoss }) => [step, Math.fround(trainLoss)]));
    expect(after['layers/4/objective_after']).toHaveLength(2);

    const { runId } = JSON.parse(readFileSync(join(directory, 'mlflow.json'), 'utf8')) as { runId: string };
    const history = async (key: string): Promise<(readonly [number, number])[]> => {
      const { metrics = [] } = await ask<History>(`metrics/get-history?run_id=${runId}&metric_key=${key}`);
      return metrics.map(({ step, value }) => [step, value] as const).toSorted(([a], [b]) => a - b);
    };
    expect(await history('loss/step')).toEqual(losses);
    expect(await history('loss/train')).toEqual(epochs.map(({ step, trainLoss }) => [step, trainLoss]));
    const { run } = await ask<{
      run: {
        info: { status: string; run_name: string };
        data: { params: { key: string; value: string }[]; tags: { key: string; value: string }[] };
      };
    }>(`runs/get?run_id=${runId}`);
    expect(run.info).toMatchObject({ status: 'FINISHED', run_name: 'tiny' });
    expect(run.data.params).toContainEqual({ key: 'local.iterations', value: '2' });
    expect(run.data.tags).toContainEqual({ key: 'locoprop.folder', value: directory });
    expect(problems).toEqual([]);
  },
);
