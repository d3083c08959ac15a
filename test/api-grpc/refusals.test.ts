import { catalogue, type ErrorCode } from '#core/errors/catalogue.js';
import { LocopropError } from '#core/errors/error.js';
import { statusOfCode } from '#coordinator/api/grpc/status.js';
import { Metadata, status as Status } from '@grpc/grpc-js';
import { expect, it } from 'vitest';
import { refusalOf } from './client.js';
import { MemoryService } from '../support/memory-service.js';
import { refusesWithStatuses } from './refusal-suite.js';
import { serving, specText, submit } from './support.js';

const codes = Object.keys(catalogue) as ErrorCode[];

it('every error of the catalogue has a status, and only what nobody knows is INTERNAL', () => {
  for (const code of codes) {
    const status = statusOfCode(code);
    expect(Status[status], code).toBeDefined();
    expect([Status.OK, Status.UNKNOWN], code).not.toContain(status);
    if (status === Status.INTERNAL) expect(code).toBe('SERVICE_FAILED');
  }
});

it('every error of the catalogue reaches the client, with its code, remedy and whether to try again', async () => {
  class Failing extends MemoryService {
    next: ErrorCode = 'JOB_UNKNOWN';
    override get(): Promise<never> {
      return Promise.reject(new LocopropError(this.next, { job: 'größer, 100 %\n', reason: '\ud800 é' }));
    }
  }
  const failing = new Failing();
  const { client } = await serving({}, failing);
  for (const code of codes) {
    failing.next = code;
    const refusal = await refusalOf(client.call('GetJob', { id: 'x' }));
    expect(refusal, code).toMatchObject({
      status: statusOfCode(code),
      code,
      retryable: String(catalogue[code].retryable),
    });
    expect(refusal.text).toMatch(new RegExp(`^${code}: `));
    expect(refusal.remedy.length).toBeGreaterThan(5);
  }
  failing.next = 'JOB_STATE_CONFLICT';
  const { remedy, text } = await refusalOf(client.call('GetJob', { id: 'x' }));
  expect(remedy).toMatch(/^See `locoprop status größer, 100 % ` for what it does now\. /);
  expect(text).toBe('JOB_STATE_CONFLICT: The job größer, 100 %\n is {state}; it cannot become {wanted}.');
});

it('a failure that nobody knows has a number, under which the log has it', async () => {
  class Broken extends MemoryService {
    override get(): Promise<never> {
      throw new TypeError('a secret');
    }
  }
  const { client, log } = await serving({}, new Broken());
  const refusal = await refusalOf(client.call('GetJob', { id: 'x' }));
  expect(refusal).toMatchObject({ status: Status.INTERNAL, code: 'SERVICE_FAILED', retryable: 'true' });
  expect(JSON.stringify(refusal)).not.toContain('secret');
  const [request] = refusal.metadata.get('locoprop-request-id');
  expect(refusal.text).toContain(String(request));
  expect(log).toMatchObject([
    {
      level: 'error',
      fields: { request, path: '/locoprop.v1.Coordinator/GetJob', err: new TypeError('a secret') },
    },
  ]);
});

it('the many problems of a spec arrive line by line, as far as a status holds them', async () => {
  const { client } = await serving();
  const layers = Array.from({ length: 200 }, () => ({ units: -1, transfer: 'tanj' }));
  const spec = JSON.stringify({
    ...(JSON.parse(specText()) as object),
    network: { layers, loss: '😀'.repeat(9) },
  });
  const { text, status } = await refusalOf(client.call('Submit', { spec, source: 'a.yaml' }));
  expect(status).toBe(Status.INVALID_ARGUMENT);
  expect(text).toMatch(/^SPEC_INVALID: a\.yaml has \d+ problems:\n/);
  expect(text.length).toBeLessThan(2100);
});

refusesWithStatuses('the interface', async () => {
  const far = await serving();
  return { ...far, waiting: await submit(far, 'small', 'k') };
});

it('a message of twice the largest is not even read', async () => {
  const { client } = await serving();
  const refusal = await refusalOf(client.call('Submit', { spec: 'x'.repeat(2 ** 21) }));
  expect(refusal).toMatchObject({ status: Status.RESOURCE_EXHAUSTED, code: undefined });
  expect(refusal.metadata).toBeInstanceOf(Metadata);
});

it('a request that changes a job at the same time as another is told to try again', async () => {
  class Contended extends MemoryService {
    override pause(id: string): Promise<never> {
      return Promise.reject(new LocopropError('JOB_CHANGED', { job: id }));
    }
  }
  const far = await serving({}, new Contended());
  const id = await submit(far);
  const refusal = await refusalOf(far.client.call('PauseJob', { id }));
  expect(refusal).toMatchObject({ status: Status.ABORTED, code: 'JOB_CHANGED', retryable: 'true' });
});
