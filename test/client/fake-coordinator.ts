import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { FeedItem, JobDetails, WorkerView } from '#core/job/view.js';
import { hasEnded } from '#core/job/states.js';
import { jobDetails } from './jobs.js';

/** A request as it came, its body included. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** Does something else with a request than answering it; false leaves it to the coordinator. */
export type Fault = (request: Seen, response: ServerResponse) => boolean;

interface Job {
  details: JobDetails;
  readonly feed: FeedItem[];
  readonly log: string[];
  readonly artifacts: Map<string, Buffer>;
}

type Problem = readonly [status: number, code: string, detail: string, headers?: Record<string, string>];

/** Answers a request with a problem. */
export function refuse(response: ServerResponse, [status, code, detail, headers = {}]: Problem): true {
  response.writeHead(status, { 'content-type': 'application/problem+json', ...headers });
  response.end(
    JSON.stringify({ status, code, detail, remedy: `Remedy of ${code}.`, retryable: status >= 429 }),
  );
  return true;
}

/** A coordinator's HTTP interface over jobs in memory, which outlive a stop and a new start. */
export class FakeCoordinator {
  readonly jobs = new Map<string, Job>();
  readonly datasets = new Map<string, { readonly name: string; readonly content: Buffer }>();
  readonly workers: WorkerView[] = [];
  readonly seen: Seen[] = [];
  /** Each is asked once a request, until it takes one. */
  readonly faults: Fault[] = [];
  token: string | null = null;
  readonly #tls: { readonly key: string; readonly cert: string } | null;
  readonly #keys = new Map<string, string>();
  readonly #sockets = new Set<Socket>();
  readonly #streams = new Set<() => void>();
  #server: Server | null = null;
  #port = 0;

  constructor(tls: { readonly key: string; readonly cert: string } | null = null) {
    this.#tls = tls;
  }

  get url(): string {
    return `${this.#tls ? 'https' : 'http'}://127.0.0.1:${this.#port}`;
  }

  /** Listens, after a stop where it did before. */
  async start(): Promise<this> {
    const answer = (request: IncomingMessage, response: ServerResponse): void =>
      void this.#answer(request, response);
    const server = this.#tls ? createTlsServer(this.#tls, answer) : createServer(answer);
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
    return this;
  }

  /** Ends as a process that is killed: connections break. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = null;
    server.close();
    this.cut();
    await once(server, 'close');
  }

  /** Breaks all connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Ends all streams as a coordinator that is asked to end does. */
  endStreams(): void {
    for (const end of [...this.#streams]) end();
  }

  get streams(): number {
    return this.#streams.size;
  }

  addJob(id: string, changes: Partial<JobDetails> = {}): Job {
    const job: Job = { details: jobDetails(id, changes), feed: [], log: [], artifacts: new Map() };
    this.jobs.set(id, job);
    return job;
  }

  count(method: string, path: string): number {
    return this.seen.filter((one) => one.method === method && one.url.split('?')[0] === path).length;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      // The client has gone.
      return;
    }
    const { method = '', url = '', headers } = request;
    const seen = { method, url, headers, body: Buffer.concat(chunks) };
    this.seen.push(seen);
    const index = this.faults.findIndex((fault) => fault(seen, response));
    if (index >= 0) {
      this.faults.splice(index, 1);
      return;
    }
    if (this.token !== null && headers.authorization !== `Bearer ${this.token}`) {
      const problem = headers.authorization === undefined ? 'TOKEN_MISSING' : 'TOKEN_INVALID';
      refuse(response, [401, problem, 'There is no such token.']);
      return;
    }
    this.#route(seen, response);
  }

  #route(seen: Seen, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(seen.url, this.url);
    const [, version, kind = '', id, what, ...name] = pathname.split('/').map(decodeURIComponent);
    const send = (document: unknown, status = 200): void => {
      response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
      response.end(JSON.stringify(document));
    };
    const route = `${seen.method} ${version} ${kind}${id === undefined ? '' : ' ID'}${what === undefined ? '' : ` ${what}`}`;
    if (route === 'POST v1 jobs') {
      this.#submit(seen, send);
      return;
    }
    if (route === 'GET v1 jobs') {
      this.#list(searchParams, send);
      return;
    }
    if (route === 'GET v1 workers') {
      send({ workers: this.workers });
      return;
    }
    if (route === 'POST v1 datasets') {
      this.#upload(seen, searchParams, response, send);
      return;
    }
    if (route === 'GET v1 datasets ID') {
      const found = this.datasets.get(id!);
      if (found) send({ id, name: found.name, bytes: found.content.length, uploadedAt: TIME });
      else refuse(response, [404, 'DATASET_UNKNOWN', `There is no uploaded data set ${id}.`]);
      return;
    }
    const job = this.jobs.get(id ?? '');
    if (kind !== 'jobs' || !job) {
      refuse(response, [404, 'JOB_UNKNOWN', `There is no job ${id}.`]);
      return;
    }
    if (name.length > 0 && what === 'artifacts') {
      const content = job.artifacts.get(name.join('/'));
      if (content === undefined) {
        refuse(response, [404, 'ARTIFACT_UNKNOWN', `The job ${id} has no file ${name.join('/')}.`]);
        return;
      }
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      response.end(content);
      return;
    }
    this.#routeJob(route, { job, seen, searchParams, response, send });
  }

  #routeJob(route: string, { job, seen, searchParams, response, send }: JobRequest): void {
    const { details } = job;
    switch (route) {
      case 'GET v1 jobs ID': {
        send(details);
        return;
      }
      case 'DELETE v1 jobs ID':
        this.jobs.delete(details.id);
        response.writeHead(204).end();
        return;
      case 'POST v1 jobs ID pause': {
        this.#change(job, 'paused', response, send);
        return;
      }
      case 'POST v1 jobs ID resume': {
        this.#change(job, 'queued', response, send);
        return;
      }
      case 'POST v1 jobs ID cancel': {
        this.#change(job, 'cancelled', response, send);
        return;
      }
      case 'GET v1 jobs ID metrics': {
        send({ metrics: [] });
        return;
      }
      case 'GET v1 jobs ID artifacts': {
        send({
          artifacts: [...job.artifacts].map(([name, content]) => ({ name, bytes: content.length })),
        });
        return;
      }
      case 'GET v1 jobs ID events': {
        this.#events(job, seen, response);
        return;
      }
      case 'GET v1 jobs ID logs': {
        this.#logs(job, searchParams.get('follow') === 'true', response);
        return;
      }
      default:
        refuse(response, [404, 'ROUTE_UNKNOWN', `There is nothing at ${route}.`]);
    }
  }

  #submit(seen: Seen, send: Send): void {
    const key = String(seen.headers['idempotency-key']);
    const earlier = this.#keys.get(key);
    if (earlier !== undefined) {
      send(this.jobs.get(earlier)?.details, 200);
      return;
    }
    const id = `job${this.jobs.size + 1}`;
    this.#keys.set(key, id);
    send(this.addJob(id, { state: 'queued', position: 0 }).details, 201);
  }

  #list(query: URLSearchParams, send: Send): void {
    const states = (query.get('state') ?? '').split(',').filter((state) => state !== '');
    const all = [...this.jobs.values()].map(({ details }) => details).reverse();
    const jobs = all.filter(({ state }) => states.length === 0 || states.includes(state));
    const start = Number(query.get('cursor') ?? 0);
    const end = start + Number(query.get('limit') ?? 100);
    send({ jobs: jobs.slice(start, end), next: end < jobs.length ? String(end) : null });
  }

  #upload({ body, headers }: Seen, query: URLSearchParams, response: ServerResponse, send: Send): void {
    const id = createHash('sha256').update(body).digest('hex');
    if (headers['x-content-sha256'] !== id) {
      refuse(response, [422, 'DATASET_DIGEST_MISMATCH', 'The upload has another SHA-256.']);
      return;
    }
    const name = query.get('name') ?? '';
    this.datasets.set(id, { name, content: body });
    send({ id, name, bytes: body.length, uploadedAt: TIME }, 201);
  }

  #change(job: Job, state: JobDetails['state'], response: ServerResponse, send: Send): void {
    if (hasEnded(job.details.state)) {
      const { id, state: now } = job.details;
      refuse(response, [409, 'JOB_STATE_CONFLICT', `The job ${id} is ${now}; it cannot become ${state}.`]);
      return;
    }
    job.details = { ...job.details, state };
    send(job.details);
  }

  /** Items behind the cursor, whose number it is; each connection begins with the job as it is. */
  #events(job: Job, seen: Seen, response: ServerResponse): void {
    const after = seen.headers['last-event-id'];
    let next = after === undefined ? 0 : Number(after);
    if (after !== undefined && hasEnded(job.details.state) && next >= job.feed.length) {
      response.writeHead(204).end();
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('retry: 100\n\n');
    const last = job.feed.slice(0, next).findLast(({ kind }) => kind === 'job');
    if (last) response.write(eventText({ ...last, cursor: String(next) }));
    this.#stream(response, job, () => {
      for (; next < job.feed.length; next += 1) response.write(eventText(job.feed[next]!));
    });
  }

  #logs(job: Job, follow: boolean, response: ServerResponse): void {
    let next = 0;
    response.writeHead(200, { 'content-type': 'application/jsonl' });
    const write = (): void => {
      for (; next < job.log.length; next += 1) response.write(`${job.log[next]!}\n`);
    };
    if (follow) this.#stream(response, job, write);
    else {
      write();
      response.end();
    }
  }

  /** Writes what there is and what comes, until the job has ended. */
  #stream(response: ServerResponse, job: Job, write: () => void): void {
    const timer = setInterval(() => turn(), 5);
    const end = (): void => {
      clearInterval(timer);
      this.#streams.delete(end);
      response.end();
    };
    const turn = (): void => {
      write();
      if (hasEnded(job.details.state)) end();
    };
    this.#streams.add(end);
    response.on('close', end);
    turn();
  }
}

type Send = (document: unknown, status?: number) => void;

interface JobRequest {
  readonly job: Job;
  readonly seen: Seen;
  readonly searchParams: URLSearchParams;
  readonly response: ServerResponse;
  readonly send: Send;
}

const TIME = '2026-01-01T00:00:00.000Z';

const eventText = (item: FeedItem): string =>
  `id: ${item.cursor}\nevent: ${item.kind}\ndata: ${JSON.stringify(item)}\n\n`;
