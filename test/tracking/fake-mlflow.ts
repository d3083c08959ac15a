import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** How a request is met in place of an answer. */
export type Fault =
  /** Status 500, nothing was done. */
  | 'error'
  /** Status 429 with Retry-After. */
  | 'busy'
  /** A gateway's page with status 502, nothing was done. */
  | 'gateway'
  /** All was done, and the connection breaks before the answer. */
  | 'unanswered'
  /** Half of it was done, then status 500. */
  | 'half'
  /** It is refused for good. */
  | 'forbidden'
  /** No answer comes at all. */
  | 'silent';

export interface FakeRun {
  readonly id: string;
  readonly experiment: string;
  name: string;
  status: string;
  endTime: number | null;
  readonly params: Map<string, string>;
  readonly tags: Map<string, string>;
  readonly metrics: { key: string; value: number; step: number; timestamp: number }[];
}

type Body = Readonly<Record<string, unknown>>;
type Entries = readonly { readonly key: string; readonly value: string }[];

class Refusal extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status = 400,
  ) {
    super(message);
  }
}

/**
 * A tracking server in this process, as strict as MLflow documents it, and stricter in one thing: a point that
 * it has already is a mistake, which it notes.
 * https://mlflow.org/docs/latest/api_reference/rest-api.html
 */
export class FakeMlflow {
  readonly experiments = new Map<string, string>();
  readonly runs: FakeRun[] = [];
  readonly requests: string[] = [];
  readonly authorizations = new Set<string | undefined>();
  readonly mistakes: string[] = [];
  /** What the next requests to an endpoint are met with; null for an answer. */
  readonly faults = new Map<string, (Fault | null)[]>();
  #server: Server | null = null;
  port = 0;

  static async start(): Promise<FakeMlflow> {
    const fake = new FakeMlflow();
    await fake.listen();
    onTestFinished(() => fake.stop());
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async listen(): Promise<void> {
    const server = createServer((request, response) => void this.#serve(request, response));
    this.#server = server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
    this.port = (server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = null;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  /** Steps of a curve, as they came. */
  steps(key: string, run = this.runs[0]!): number[] {
    return run.metrics.filter((metric) => metric.key === key).map(({ step }) => step);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += chunk as string;
    const url = new URL(request.url ?? '', this.url);
    const endpoint = url.pathname.replace('/api/2.0/mlflow/', '');
    this.requests.push(endpoint);
    this.authorizations.add(request.headers.authorization);
    const fault = this.faults.get(endpoint)?.shift();
    const answer = (status: number, body: unknown, headers = {}): void => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify(body));
    };
    const failed = { error_code: 'INTERNAL_ERROR', message: 'it failed' };
    if (fault === 'silent') return;
    if (fault === 'error') {
      answer(500, failed);
      return;
    }
    if (fault === 'busy') {
      answer(429, { error_code: 'REQUEST_LIMIT_EXCEEDED' }, { 'retry-after': '1' });
      return;
    }
    if (fault === 'forbidden') {
      answer(403, { error_code: 'PERMISSION_DENIED', message: 'not you' });
      return;
    }
    if (fault === 'gateway') {
      response.writeHead(502, { 'content-type': 'text/html' }).end('<html>Bad gateway</html>');
      return;
    }
    try {
      if (Buffer.byteLength(text) > 1e6) throw new Refusal('INVALID_PARAMETER_VALUE', 'over 1 MB');
      const body =
        request.method === 'GET' ? Object.fromEntries(url.searchParams) : (JSON.parse(text) as Body);
      const result = this.#handle(endpoint, body, fault === 'half');
      if (fault === 'unanswered') response.destroy();
      else if (fault === 'half') answer(500, failed);
      else answer(200, result);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { code, message, status } = error;
      if (code !== 'RESOURCE_DOES_NOT_EXIST') this.mistakes.push(`${endpoint}: ${message}`);
      answer(status, { error_code: code, message });
    }
  }

  #handle(endpoint: string, body: Body, half: boolean): unknown {
    switch (endpoint) {
      case 'experiments/get-by-name': {
        const id = this.experiments.get(String(body['experiment_name']));
        if (id === undefined) throw new Refusal('RESOURCE_DOES_NOT_EXIST', 'no such experiment', 404);
        return { experiment: { experiment_id: id, lifecycle_stage: 'active' } };
      }
      case 'experiments/create': {
        const id = String(this.experiments.size + 1);
        this.experiments.set(String(body['name']), id);
        return { experiment_id: id };
      }
      case 'runs/search': {
        const [, tag, value] = /^tags\."([^"]+)" = '([^']+)'$/.exec(String(body['filter'])) ?? [];
        const found = this.runs.filter(({ tags }) => tags.get(tag ?? '') === value);
        return found.length === 0 ? {} : { runs: found.map((run) => ({ info: { run_id: run.id } })) };
      }
      case 'runs/create':
        return { run: { info: { run_id: this.#create(body).id } } };
      case 'runs/get':
        return { run: this.#document(this.#run(body)) };
      case 'runs/log-batch':
        this.#log(this.#run(body), body, half);
        return {};
      case 'runs/update': {
        const run = this.#run(body);
        run.status = String(body['status']);
        if (body['end_time'] !== undefined) run.endTime = Number(body['end_time']);
        return {};
      }
      default:
        throw new Refusal('ENDPOINT_NOT_FOUND', endpoint, 404);
    }
  }

  #create(body: Body): FakeRun {
    const run: FakeRun = {
      id: `run${this.runs.length + 1}`,
      experiment: String(body['experiment_id']),
      name: String(body['run_name']),
      status: 'RUNNING',
      endTime: null,
      params: new Map(),
      tags: new Map((body['tags'] as Entries).map(({ key, value }) => [key, value])),
      metrics: [],
    };
    this.runs.push(run);
    return run;
  }

  #run(body: Body): FakeRun {
    const run = this.runs.find(({ id }) => id === body['run_id']);
    if (!run) throw new Refusal('RESOURCE_DOES_NOT_EXIST', 'no such run', 404);
    return run;
  }

  /** The last point of each curve, 64-bit integers as texts, as JSON of protobuf may have them. */
  #document(run: FakeRun): unknown {
    const last = new Map<string, FakeRun['metrics'][number]>();
    for (const metric of run.metrics)
      if ((last.get(metric.key)?.step ?? -1) <= metric.step) last.set(metric.key, metric);
    const metrics = [...last.values()].map((metric) => ({ ...metric, step: String(metric.step) }));
    return {
      info: { run_id: run.id },
      data: {
        ...(metrics.length > 0 && { metrics }),
        ...(run.params.size > 0 && { params: Array.from(run.params, ([key, value]) => ({ key, value })) }),
      },
    };
  }

  #log(run: FakeRun, body: Body, half: boolean): void {
    const {
      metrics = [],
      params = [],
      tags = [],
    } = body as {
      metrics?: readonly { key: string; value: number | string; step: number; timestamp: number }[];
      params?: Entries;
      tags?: Entries;
    };
    const refuse = (message: string): never => {
      throw new Refusal('INVALID_PARAMETER_VALUE', message);
    };
    if (metrics.length > 1000) refuse('over 1000 metrics');
    if (params.length > 100) refuse('over 100 params');
    if (tags.length > 100) refuse('over 100 tags');
    for (const { key } of [...metrics, ...params, ...tags])
      if (key.length > 250 || !/^[/\w.\- ]+$/.test(key)) refuse(`the name "${key}"`);
    for (const { key, value } of params) {
      if (value.length > 500) refuse(`${key} is too long`);
      if ((run.params.get(key) ?? value) !== value) refuse(`${key} was ${run.params.get(key)}`);
    }
    for (const { key, value } of params) run.params.set(key, value);
    for (const { key, value } of tags) run.tags.set(key, value);
    for (const metric of half ? metrics.slice(0, metrics.length / 2) : metrics) {
      const known = run.metrics.some(({ key, step }) => key === metric.key && step === metric.step);
      if (known) this.mistakes.push(`${metric.key} has step ${metric.step} twice`);
      run.metrics.push({ ...metric, value: Number(metric.value) });
    }
  }
}
