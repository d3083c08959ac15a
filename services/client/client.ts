import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { EpochMetrics } from '../../core/events.js';
import { RemoteError } from '../../core/errors/remote-error.js';
import { hasEnded, type JobState } from '../../core/job/states.js';
import type { FeedItem, JobDetails, JobView, WorkerView } from '../../core/job/view.js';
import type { JobSpec } from '../../core/spec/job-spec.js';
import { isMap } from '../../core/spec/plain-value.js';
import type { StoredDataset, StoredFile } from '../store/job-store.js';
import { documentOf, invalidAnswer } from './answers.js';
import { chunksOf, ConnectionFailure, type OutgoingBody, type ServerAddress } from './connection.js';
import { followJob, type FollowOptions } from './feed.js';
import { logLines, type LogOptions } from './log-lines.js';
import { Requests, type Patience, type RepeatedRequest } from './requests.js';

export type JobChange = 'pause' | 'resume' | 'cancel';

export interface ListRequest {
  /** All states where it is empty. */
  readonly states?: readonly JobState[];
  readonly limit?: number;
  /** Of the page before; null for the first. */
  readonly cursor?: string | null;
}

export interface JobPage {
  readonly jobs: readonly JobView[];
  /** The cursor of the next page; null where there is none. */
  readonly next: string | null;
}

/**
 * A coordinator's HTTP interface. What may be repeated is, over broken connections and while the coordinator
 * is busy. All methods throw RemoteError for what the coordinator refuses, and SERVICE_UNREACHABLE or
 * SERVICE_ANSWER_INVALID where there is none.
 */
export class CoordinatorClient {
  readonly #requests: Requests;

  constructor(server: ServerAddress, patience: Partial<Patience> = {}) {
    this.#requests = new Requests(server, patience);
  }

  /** Queues the job of a spec, in YAML or JSON; repeated as often as it takes, it is queued once. */
  async submit(text: string): Promise<JobDetails> {
    return this.#job({
      method: 'POST',
      path: '/v1/jobs',
      headers: { 'idempotency-key': randomUUID() },
      body: specBody(text),
      repeatable: true,
    });
  }

  /** Has the coordinator check a spec, in YAML or JSON, and make no job of it. @returns the spec, complete */
  async validate(text: string): Promise<JobSpec> {
    const { spec } = await this.#map({
      method: 'POST',
      path: '/v1/specs/validate',
      body: specBody(text),
      repeatable: true,
    });
    if (!isMap(spec)) throw this.#odd('a spec');
    return spec as unknown as JobSpec;
  }

  get(id: string): Promise<JobDetails> {
    return this.#job({ ...reading, path: jobPath(id) });
  }

  /** A page of jobs, newest first. */
  async list({ states = [], limit, cursor = null }: ListRequest = {}): Promise<JobPage> {
    const query = new URLSearchParams({
      ...(states.length > 0 && { state: states.join(',') }),
      ...(limit !== undefined && { limit: String(limit) }),
      ...(cursor !== null && { cursor }),
    });
    const page = await this.#map({ ...reading, path: `/v1/jobs?${query.toString()}` });
    const { next } = page;
    return {
      jobs: this.#list(page, 'jobs') as readonly JobView[],
      next: typeof next === 'string' ? next : null,
    };
  }

  /** Not repeated where it may have been heard: a second `resume` would be refused. */
  change(id: string, change: JobChange): Promise<JobView> {
    return this.#job({ method: 'POST', path: `${jobPath(id)}/${change}`, repeatable: false });
  }

  async remove(id: string): Promise<void> {
    const answer = await this.#requests.send({ method: 'DELETE', path: jobPath(id), repeatable: false });
    answer.resume();
  }

  /** What happens to a job until it has ended, without a gap, whatever becomes of the connection. */
  follow(id: string, options: FollowOptions): AsyncGenerator<FeedItem> {
    return followJob(this.#requests, `${jobPath(id)}/events`, options);
  }

  /** The lines of a job's log. */
  logs(id: string, options: LogOptions): AsyncGenerator<string> {
    const request = { method: 'GET', path: jobPath(id), signal: options.signal } as const;
    const ended = async (): Promise<boolean> =>
      hasEnded(this.#asJob(await this.#document(await this.#requests.insist(request))).state);
    return logLines(this.#requests, `${jobPath(id)}/logs`, ended, options);
  }

  async metrics(id: string): Promise<readonly EpochMetrics[]> {
    return (await this.#entries(`${jobPath(id)}/metrics`, 'metrics')) as readonly EpochMetrics[];
  }

  async artifacts(id: string): Promise<readonly StoredFile[]> {
    return (await this.#entries(`${jobPath(id)}/artifacts`, 'artifacts')) as readonly StoredFile[];
  }

  /**
   * The bytes of a file of a job.
   * @throws ConnectionFailure where they end early
   */
  async *artifact(id: string, name: string, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    const path = `${jobPath(id)}/artifacts/${name.split('/').map(encodeURIComponent).join('/')}`;
    yield* chunksOf(
      await this.#requests.send({ ...reading, path, headers: { accept: '*/*' }, signal }),
      signal,
    );
  }

  async workers(): Promise<readonly WorkerView[]> {
    return (await this.#entries('/v1/workers', 'workers')) as readonly WorkerView[];
  }

  /** An uploaded data set; null where there is none of this SHA-256. */
  async dataset(digest: string): Promise<StoredDataset | null> {
    try {
      return this.#dataset(await this.#map({ ...reading, path: `/v1/datasets/${digest}` }));
    } catch (cause) {
      if (cause instanceof RemoteError && cause.code === 'DATASET_UNKNOWN') return null;
      throw cause;
    }
  }

  /** Uploads a data set; the coordinator checks its SHA-256. */
  async upload(
    content: Omit<OutgoingBody, 'type'>,
    {
      name,
      digest,
      signal,
    }: { readonly name: string; readonly digest: string; readonly signal?: AbortSignal },
  ): Promise<StoredDataset> {
    const query = new URLSearchParams({ name }).toString();
    const document = await this.#map({
      method: 'POST',
      path: `/v1/datasets?${query}`,
      headers: { 'x-content-sha256': digest },
      body: { ...content, type: 'application/octet-stream' },
      repeatable: true,
      signal,
    });
    return this.#dataset(document);
  }

  async #job(request: RepeatedRequest): Promise<JobDetails> {
    return this.#asJob(await this.#ask(request));
  }

  /** Where the coordinator sends no details, none of them is looked at. */
  #asJob(document: unknown): JobDetails {
    if (isMap(document) && typeof document['id'] === 'string' && typeof document['state'] === 'string')
      return document as unknown as JobDetails;
    throw this.#odd('a job');
  }

  #dataset(document: Readonly<Record<string, unknown>>): StoredDataset {
    if (typeof document['id'] !== 'string') throw this.#odd('a data set');
    return document as unknown as StoredDataset;
  }

  async #map(request: RepeatedRequest): Promise<Readonly<Record<string, unknown>>> {
    const document = await this.#ask(request);
    if (!isMap(document)) throw this.#odd('an object');
    return document;
  }

  async #entries(path: string, name: string): Promise<readonly unknown[]> {
    return this.#list(await this.#map({ ...reading, path }), name);
  }

  #list(document: Readonly<Record<string, unknown>>, name: string): readonly unknown[] {
    const list = document[name];
    if (!Array.isArray(list)) throw this.#odd(`a list of ${name}`);
    return list;
  }

  #odd(wanted: string): Error {
    return invalidAnswer(this.#requests.name, `${wanted} was expected`);
  }

  /** The document that answers; a connection that breaks before all of it has come is made anew. */
  async #ask(request: RepeatedRequest): Promise<unknown> {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#requests.send(request);
      try {
        return await this.#document(answer);
      } catch (cause) {
        if (!(cause instanceof ConnectionFailure)) throw cause;
        if (!request.repeatable || attempt === MAX_READS) throw this.#requests.lost(cause).failure;
      }
    }
  }

  #document(answer: IncomingMessage): Promise<unknown> {
    return documentOf(answer, this.#requests.name);
  }
}

/** How often an answer that breaks off is asked for again. */
const MAX_READS = 5;

const reading = { method: 'GET', repeatable: true } as const;

const jobPath = (id: string): string => `/v1/jobs/${encodeURIComponent(id)}`;

/** A spec, in YAML or JSON, as a body. */
function specBody(text: string): OutgoingBody {
  const bytes = Buffer.from(text);
  return { type: 'application/yaml', bytes: bytes.length, open: () => Readable.from([bytes]) };
}
