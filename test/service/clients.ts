import type { JobState } from '#core/job/states.js';
import type { FeedItem } from '#core/job/view.js';
import { RemoteError } from '#core/errors/remote-error.js';
import { CoordinatorClient } from '#services/client/client.js';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { type Message, type PlainClient, refusalOf } from '../api-grpc/client.js';
import { call, type Api, TOKENS, YAML } from '../api-http/support.js';

/** A document as clients of HTTP see it, whichever way it came; what is null is left out. */
export type Document = Readonly<Record<string, unknown>>;

/** What all clients can do. A refusal is a rejection whose message is its code. */
export interface AnyClient {
  submit(spec: string): Promise<Document>;
  get(id: string): Promise<Document>;
  list(states: readonly JobState[], limit: number, cursor: string | null): Promise<Document>;
  change(id: string, change: 'pause' | 'resume' | 'cancel'): Promise<Document>;
  remove(id: string): Promise<void>;
  /** Until the end of a job. */
  watch(id: string, after: string | null): Promise<readonly Document[]>;
  metrics(id: string): Promise<readonly Document[]>;
  artifacts(id: string): Promise<readonly Document[]>;
  artifact(id: string, name: string): Promise<Buffer>;
  workers(): Promise<readonly Document[]>;
  upload(name: string, content: Buffer): Promise<Document>;
  dataset(id: string): Promise<Document>;
}

/** The same value without what is null. */
export function known<Value>(value: Value): Value {
  if (Array.isArray(value)) return value.map((entry: unknown) => known(entry)) as Value;
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).filter(([, own]) => own !== null);
  return Object.fromEntries(entries.map(([key, own]) => [key, known(own as unknown)])) as Value;
}

const items = (list: unknown): readonly Document[] => known(list as readonly Document[]);

async function collected<Item>(answers: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of answers) all.push(item);
  return all;
}

/** Plain requests. */
export function overHttp(api: Api): AnyClient {
  const send = async (method: string, path: string, options = {}) => {
    const reply = await call(api, method, `/v1${path}`, options);
    if (reply.status >= 400) throw new Error((reply.json as { code: string }).code);
    return { ...reply, json: known(reply.json as Document) };
  };
  const json = async (method: string, path: string, options = {}): Promise<Document> =>
    (await send(method, path, options)).json;
  return {
    submit: (body) => json('POST', '/jobs', { headers: YAML, body }),
    get: (id) => json('GET', `/jobs/${id}`),
    list: (states, limit, cursor) =>
      json('GET', `/jobs?state=${states.join()}&limit=${limit}${cursor === null ? '' : `&cursor=${cursor}`}`),
    change: (id, change) => json('POST', `/jobs/${id}/${change}`),
    remove: async (id) => {
      await send('DELETE', `/jobs/${id}`);
    },
    watch: async (id, after) => {
      const { text } = await send('GET', `/jobs/${id}/events${after === null ? '' : `?after=${after}`}`);
      const data = text.split('\n').filter((line) => line.startsWith('data: '));
      return items(data.map((line) => JSON.parse(line.slice('data: '.length)) as FeedItem));
    },
    metrics: async (id) => items((await json('GET', `/jobs/${id}/metrics`))['metrics']),
    artifacts: async (id) => items((await json('GET', `/jobs/${id}/artifacts`))['artifacts']),
    artifact: async (id, name) => Buffer.from((await send('GET', `/jobs/${id}/artifacts/${name}`)).text),
    workers: async () => items((await json('GET', '/workers'))['workers']),
    upload: (name, body) => json('POST', `/datasets?name=${name}`, { body }),
    dataset: (id) => json('GET', `/datasets/${id}`),
  };
}

/** The client of the commands. */
export function ofCommands({ url }: Api): AnyClient {
  const client = new CoordinatorClient({ url: new URL(url), token: TOKENS.admin, ca: null });
  const told = async <Answer>(answer: Promise<Answer>): Promise<Answer> => {
    try {
      return known(await answer);
    } catch (error) {
      throw error instanceof RemoteError ? new Error(error.code) : error;
    }
  };
  const asDocument = <Answer extends object>(answer: Promise<Answer>): Promise<Document> =>
    told(answer) as Promise<unknown> as Promise<Document>;
  const { signal } = new AbortController();
  return {
    submit: (spec) => asDocument(client.submit(spec)),
    get: (id) => asDocument(client.get(id)),
    list: (states, limit, cursor) => asDocument(client.list({ states, limit, cursor })),
    change: (id, change) => asDocument(client.change(id, change)),
    remove: (id) => told(client.remove(id)),
    watch: async (id, after) => items(await told(collected(client.follow(id, { after, signal })))),
    metrics: async (id) => items(await client.metrics(id)),
    artifacts: async (id) => items(await client.artifacts(id)),
    artifact: async (id, name) => Buffer.concat(await collected(client.artifact(id, name))),
    workers: async () => items(await client.workers()),
    upload: (name, content) => {
      const digest = createHash('sha256').update(content).digest('hex');
      const body = { bytes: content.length, open: () => Readable.from([content]) };
      return asDocument(client.upload(body, { name, digest }));
    },
    dataset: async (id) => {
      const found = await client.dataset(id);
      if (found === null) throw new Error('DATASET_UNKNOWN');
      return known({ ...found });
    },
  };
}

/** A message with times, states and types as HTTP has them, and the names that HTTP has for some fields. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'string') return value.replace(/^JOB_(?:STATE|EVENT_TYPE)_/, '');
  if (value === null || typeof value !== 'object' || Buffer.isBuffer(value)) return value;
  if ('seconds' in value && 'nanos' in value) {
    const { seconds, nanos } = value as { readonly seconds: number; readonly nanos: number };
    return new Date(1000 * seconds + nanos / 1e6).toISOString();
  }
  // Those with an underscore tell which optional fields are there.
  const fields = Object.entries(value).filter(([key]) => !key.startsWith('_'));
  return Object.fromEntries(fields.map(([key, own]) => [key, named(key, own)]));
}

function named(key: string, value: unknown): unknown {
  const own = plain(value);
  if (key === 'state') return String(own).toLowerCase();
  const isOfJob = key === 'type' && typeof value === 'string' && value.startsWith('JOB_EVENT_TYPE_');
  return isOfJob ? `job.${String(own).toLowerCase()}` : own;
}

const document = (message: unknown): Document => plain(message) as Document;

const details = (message: unknown): Document => {
  const { job, specJson, history } = document(message);
  return known({ ...(job as object), spec: JSON.parse(specJson as string) as unknown, history });
};

const feedItem = (message: Message): Document => {
  const { cursor, job, jobEvent, event, rewind } = document(message);
  if (job !== undefined) return { kind: 'job', cursor, job };
  if (jobEvent !== undefined) return { kind: 'job-event', cursor, event: jobEvent };
  if (rewind !== undefined) return { kind: 'rewind', cursor, ...(rewind as object) };
  const { eventJson, ...stamp } = event as Document & { readonly eventJson: string };
  const whole = JSON.parse(eventJson) as Document;
  // What the message says of it beside.
  return known({ kind: 'event', cursor, event: { ...whole, ...stamp } });
};

/** A plain client of gRPC. */
export function overGrpc(client: PlainClient): AnyClient {
  const told = async <Answer>(answer: Promise<Answer>): Promise<Answer> => {
    try {
      return await answer;
    } catch {
      throw new Error(String((await refusalOf(answer)).code));
    }
  };
  const ask = (method: string, request: object = {}): Promise<Message> => told(client.call(method, request));
  const verbs = { pause: 'PauseJob', resume: 'ResumeJob', cancel: 'CancelJob' } as const;
  return {
    submit: async (spec) => details((await ask('Submit', { spec, source: 'The spec' }))['job']),
    get: async (id) => details(await ask('GetJob', { id })),
    list: async (states, limit, cursor) => {
      const names = states.map((state) => `JOB_STATE_${state.toUpperCase()}`);
      return document(await ask('ListJobs', { states: names, limit, cursor: cursor ?? '' }));
    },
    change: async (id, change) => document(await ask(verbs[change], { id })),
    remove: async (id) => {
      await ask('DeleteJob', { id });
    },
    watch: async (id, after) =>
      (await told(client.all('WatchJob', { id, after: after ?? '', follow: true }))).map(feedItem),
    metrics: async (id) => document(await ask('GetMetrics', { id }))['epochs'] as Document[],
    artifacts: async (id) => document(await ask('ListArtifacts', { id }))['artifacts'] as Document[],
    artifact: async (id, name) => {
      const [, ...parts] = await told(client.all('DownloadArtifact', { id, name }));
      return Buffer.concat(parts.map(({ data }) => data as Buffer));
    },
    workers: async () => {
      const { workers } = document(await ask('ListWorkers')) as { readonly workers: Document[] };
      return workers.map(({ name, ...others }) => ({ worker: name, ...others }));
    },
    upload: async (name, data) => document(await told(client.upload([{ header: { name } }, { data }]))),
    dataset: async (id) => document(await ask('GetDataset', { id })),
  };
}
