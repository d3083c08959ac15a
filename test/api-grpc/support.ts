import { LocopropError } from '#core/errors/error.js';
import type { RunEvent } from '#core/events.js';
import type { Authorize } from '#coordinator/api/grpc/access.js';
import type { AnsweredCall } from '#coordinator/api/grpc/interceptors.js';
import { type GrpcApi, type GrpcApiOptions, openGrpcApi } from '#coordinator/api/grpc/server.js';
import type { JobService } from '#coordinator/service/job-service.js';
import { onTestFinished } from 'vitest';
import { minimalSpec } from '../spec/support.js';
import { type ClientOptions, PlainClient } from './client.js';
import { MemoryService } from '../support/memory-service.js';

export { until } from '../support/until.js';

const callers = { reader: 'read', writer: 'write', master: 'admin' } as const;

/** Whose tokens are their names. */
export const authorize: Authorize = (token) => {
  if (token === null) throw new LocopropError('TOKEN_MISSING');
  if (token === 'reader' || token === 'writer' || token === 'master') {
    return { role: callers[token], name: token };
  }
  throw new LocopropError('TOKEN_INVALID');
};

export interface Logged {
  readonly level: 'debug' | 'error';
  readonly text: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface Serving<Service extends JobService = MemoryService> {
  readonly service: Service;
  readonly api: GrpcApi;
  readonly client: PlainClient;
  readonly log: Logged[];
  /** Calls that have ended. */
  readonly answered: AnsweredCall[];
  readonly clientWith: (options: ClientOptions) => PlainClient;
}

/** Serves until the test ends. */
export const serving = (
  options: Partial<GrpcApiOptions> = {},
  service = new MemoryService(),
): Promise<Serving> => servingOf(service, options);

/** The same with any service. */
export async function servingOf<Service extends JobService>(
  service: Service,
  options: Partial<GrpcApiOptions> = {},
): Promise<Serving<Service>> {
  const log: Logged[] = [];
  const answered: AnsweredCall[] = [];
  const write =
    (level: 'debug' | 'error') =>
    (fields: object, text: string): void =>
      void log.push({ level, text, fields: { ...fields } });
  const api = await openGrpcApi({
    service,
    address: '127.0.0.1:0',
    tls: null,
    authorize,
    logLine: (item, { job }) =>
      item.kind === 'event' ? { level: 'info', job, event: item.event.type } : null,
    log: { debug: write('debug'), error: write('error') },
    onAnswered: (call) => void answered.push(call),
    ...options,
  });
  onTestFinished(() => api.close());
  const clientWith = (own: ClientOptions): PlainClient => new PlainClient(api.address, own);
  return { service, api, client: clientWith({}), log, answered, clientWith };
}

export const specText = (name = 'small'): string =>
  JSON.stringify({ name, ...minimalSpec(), queue: { priority: 70 } });

/** A job that is queued. */
export async function submit(
  { client }: Pick<Serving, 'client'>,
  name = 'small',
  idempotencyKey?: string,
): Promise<string> {
  const request = { spec: specText(name), source: 'small.yaml' };
  const { job } = await client.call('Submit', { ...request, ...(idempotencyKey && { idempotencyKey }) });
  return (job as { job: { id: string } }).job.id;
}

export const stepEvent = (sequence: number): RunEvent => ({
  type: 'step.done',
  sequence,
  time: '2026-01-02T03:04:05.678Z',
  epoch: 1,
  step: sequence,
  loss: 1 / sequence,
  examples: 10,
  seconds: 0.5,
  phases: { data: 0, forward: 0.1, targets: 0.1, solve: 0.3 },
});

export const stepEvents = (count: number, first = 1): RunEvent[] =>
  Array.from({ length: count }, (_, at) => stepEvent(first + at));
