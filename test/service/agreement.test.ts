import { runOf } from '#core/job/record.js';
import type { JobState } from '#core/job/states.js';
import { expect, it } from 'vitest';
import { servingOf } from '../api-grpc/support.js';
import { openApi } from '../api-http/support.js';
import { start } from '../support/processes.js';
import { type AnyClient, type Document, ofCommands, overGrpc, overHttp } from './clients.js';
import { openCoordinator, specText, until, type TestCoordinator } from './support.js';

/** The same coordinator through each of its interfaces. */
async function clientsOf({ service }: TestCoordinator): Promise<Readonly<Record<string, AnyClient>>> {
  const api = await openApi(service, { limits: { rate: null } });
  const far = await servingOf(service);
  return { http: overHttp(api), commands: ofCommands(api), grpc: overGrpc(far.client) };
}

/** What all of them answer, which must be the same. */
async function agreed<Answer>(
  clients: Readonly<Record<string, AnyClient>>,
  ask: (client: AnyClient) => Promise<Answer>,
): Promise<Answer> {
  const { http, ...others } = clients;
  const answer = await ask(http!);
  for (const [name, client] of Object.entries(others)) expect(await ask(client), name).toEqual(answer);
  return answer;
}

const refusalOf = (answer: Promise<unknown>): Promise<string> =>
  answer.then(
    () => 'nothing was refused',
    (error: unknown) => (error as Error).message,
  );

const LONG = { training: { epochs: 100_000, batchSize: 8 }, evaluation: { everyEpochs: 1 } };

it('a run on a worker, paused, cut back and cancelled, is told alike', async () => {
  const own = await openCoordinator();
  const { coordinator, service, store, submit, reaches, runEvents } = own;
  const clients = await clientsOf(own);
  const worker = start([
    ...['worker', '--coordinator', coordinator.hub.address, '--name', 'w1', '--threads', '1'],
    ...['--log-level', 'error'],
  ]);
  await until(() => service.workers().length === 1, 'the worker has joined', 30_000);

  const id = await submit({ ...LONG, checkpoints: { everyEpochs: 1 } });
  const count = (type: string): number => runEvents.filter((event) => event.type === type).length;
  await until(() => count('checkpoint.saved') >= 3, 'it has checkpoints', 60_000);
  await service.pause(id);
  await reaches(id, 'paused');
  // Followers have had more than the run goes on from.
  const items = await service.watch(id, { after: null, follow: false, signal: new AbortController().signal });
  let cursor = '';
  for await (const item of items) cursor = item.cursor;
  const run = store.run(id, runOf((await store.read(id))!.record)!.fence);
  const newest = (await run.list('checkpoints'))
    .filter((name) => name.startsWith('step-'))
    .toSorted()
    .at(-1)!;
  await run.remove(`checkpoints/${newest}`);
  const saved = count('checkpoint.saved');
  await service.resume(id);
  await until(() => count('checkpoint.saved') > saved, 'it goes on', 60_000);
  await service.cancel(id);
  await reaches(id, 'cancelled');

  const job = await agreed(clients, (client) => client.get(id));
  expect(job).toMatchObject({ id, state: 'cancelled', spec: { training: { epochs: 100_000 } } });
  expect((job['history'] as Document[]).map(({ type }) => type)).toEqual([
    ...['job.accepted', 'job.started', 'job.pausing', 'job.paused', 'job.resumed'],
    ...['job.started', 'job.cancelling', 'job.cancelled'],
  ]);

  const all = await agreed(clients, (client) => client.watch(id, null));
  expect(all[0]).toMatchObject({ kind: 'job', job: { id, state: 'cancelled' } });
  const events = all.filter(({ kind }) => kind === 'event').map(({ event }) => event as Document);
  expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, at) => at + 1));
  const rest = await agreed(clients, (client) => client.watch(id, cursor));
  const rewind = rest.find(({ kind }) => kind === 'rewind')!;
  expect(rewind['last']).toBeGreaterThan(0);
  const next = rest.filter(({ kind }) => kind === 'event').map(({ event }) => event as Document);
  expect(next[0]!['sequence']).toBe((rewind['last'] as number) + 1);
  expect(await agreed(clients, (client) => client.watch(id, rest.at(-1)!['cursor'] as string))).toEqual([]);

  const metrics = await agreed(clients, (client) => client.metrics(id));
  expect(metrics.length).toBeGreaterThan(2);
  expect(metrics[0]).toMatchObject({ epoch: 1, cluster: { workers: [{ worker: 'w1' }] } });

  const artifacts = await agreed(clients, (client) => client.artifacts(id));
  const names = artifacts.map(({ name }) => name as string);
  expect(names).toEqual(expect.arrayContaining(['spec.yaml', 'events.jsonl', 'metrics.jsonl']));
  for (const name of ['spec.yaml', 'events.jsonl']) {
    const bytes = await agreed(clients, (client) => client.artifact(id, name));
    expect(bytes.length).toBe(artifacts.find((file) => file['name'] === name)!['bytes']);
  }

  const workers = await agreed(clients, (client) => client.workers());
  expect(workers).toMatchObject([{ worker: 'w1', threads: 1, leaving: false }]);
  expect(workers[0]!['solves']).toBeGreaterThan(0);
  const [{ timeline } = { timeline: [] }] = service.workers(3);
  expect(timeline).toHaveLength(3);
  for (const { job: of, step, solveSeconds, receiveSeconds, sendSeconds } of timeline) {
    expect({ of, step: step > 0, solves: solveSeconds > 0 }).toEqual({ of: id, step: true, solves: true });
    expect(Math.min(receiveSeconds, sendSeconds)).toBeGreaterThanOrEqual(0);
  }
  expect(timeline.map(({ step }) => step)).toEqual(
    timeline.map(({ step }) => step).toSorted((a, b) => a - b),
  );
  await worker.killAll();
});

it('a job is submitted, listed, paused, resumed, cancelled and deleted alike', async () => {
  const own = await openCoordinator({ solvesHere: true });
  const { service, submit, reaches } = own;
  const clients = await clientsOf(own);
  // The only place is taken, so all others wait.
  const first = await submit(LONG);
  await reaches(first, 'running');

  /** A job's way through one client, with what differs from job to job left out. */
  const way = async (client: AnyClient): Promise<readonly unknown[]> => {
    const told: unknown[] = [];
    const job = await client.submit(specText({ name: 'other' }));
    const id = job['id'] as string;
    const tell = (answer: Document): void => void told.push(alike(answer, id));
    tell(job);
    tell(await client.get(id));
    tell(await client.list(['queued'], 10, null));
    for (const change of ['pause', 'resume', 'pause', 'cancel'] as const)
      tell(await client.change(id, change));
    told.push(await refusalOf(client.change(id, 'resume')), await refusalOf(client.remove(first)));
    tell(await client.get(id));
    await client.remove(id);
    told.push(await refusalOf(client.get(id)), await refusalOf(client.watch(id, null)));
    told.push(await refusalOf(client.submit('name: [')), await refusalOf(client.submit('name: a')));
    return told;
  };
  const told = await agreed(clients, way);
  const states = told.flatMap((answer) =>
    typeof answer === 'object' ? [(answer as Document)['state']] : [],
  );
  expect(states).toEqual([
    ...['queued', 'queued', undefined, 'paused', 'queued', 'paused', 'cancelled', 'cancelled'],
  ]);
  expect(told.filter((answer) => typeof answer === 'string')).toEqual([
    ...[
      'JOB_STATE_CONFLICT',
      'JOB_STATE_CONFLICT',
      'JOB_UNKNOWN',
      'JOB_UNKNOWN',
      'SPEC_SYNTAX',
      'SPEC_INVALID',
    ],
  ]);

  const ids: string[] = [];
  for (let count = 0; count < 5; count += 1) ids.unshift(await submit({ name: 'waits' }));
  const pages = async (client: AnyClient, states: readonly JobState[]): Promise<readonly Document[]> => {
    const found: Document[] = [];
    for (let cursor: string | null = null, begun = false; cursor !== null || !begun; begun = true) {
      const page: Document = await client.list(states, 2, cursor);
      found.push(page);
      cursor = (page['next'] as string | undefined) ?? null;
    }
    return found;
  };
  const waiting = await agreed(clients, (client) => pages(client, ['queued', 'paused']));
  expect(waiting.flatMap(({ jobs }) => (jobs as Document[]).map(({ id }) => id))).toEqual(ids);
  expect(waiting).toHaveLength(3);
  await service.cancel(first);
});

it('data sets are alike', async () => {
  const own = await openCoordinator();
  const clients = await clientsOf(own);
  const dataset = await agreed(clients, (client) => client.upload('a.csv', Buffer.from('1,2\n3,4\n')));
  expect(dataset).toMatchObject({ name: 'a.csv', bytes: 8 });
  expect(await agreed(clients, (client) => client.dataset(dataset['id'] as string))).toEqual(dataset);
  expect(await agreed(clients, (client) => refusalOf(client.dataset('0'.repeat(64))))).toBe(
    'DATASET_UNKNOWN',
  );
});

/** Without the id and the times of the job. */
const alike = (answer: Document, id: string): Document =>
  JSON.parse(
    JSON.stringify(answer)
      .replaceAll(id, 'ID')
      .replace(/"\d{4}-\d\d-\d\dT[\d:.]+Z"/g, '"TIME"'),
  ) as Document;
