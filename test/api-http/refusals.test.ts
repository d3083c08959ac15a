import { Agent, request } from 'node:https';
import { json as jsonOf } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { LocopropError } from '#core/errors/error.js';
import { makeCertificates } from '#services/security/certificates.js';
import { MemoryService } from '../support/memory-service.js';
import { refusesWithProblems } from './refusal-suite.js';
import { call, openApi, submit, TOKENS } from './support.js';

refusesWithProblems('the interface', async () => {
  const service = new MemoryService();
  const api = await openApi(service);
  const [ended, waiting] = [await submit(api), await submit(api)];
  service.start(ended);
  service.complete(ended);
  return { api, ended, waiting };
});

describe('a failure of the coordinator', () => {
  it('that is unknown keeps its trace to the log', async () => {
    const service = new MemoryService();
    service.datasets = () => Promise.reject(new TypeError('secret of the inside'));
    const api = await openApi(service);
    const reply = await call(api, 'GET', '/v1/datasets');
    expect(reply).toMatchObject({ status: 500, json: { code: 'SERVICE_FAILED', retryable: true } });
    expect(reply.text).not.toContain('secret');
    const [failure] = api.failures;
    expect(failure).toMatchObject({
      requestId: reply.headers['x-request-id'],
      error: { message: 'secret of the inside' },
    });
    expect(reply.text).toContain(failure!.requestId);
  });

  it('that is known says what it is', async () => {
    const service = new MemoryService();
    const reason = 'connection refused';
    service.list = () =>
      Promise.reject(new LocopropError('STORE_UNAVAILABLE', { location: 's3://jobs', reason }));
    const api = await openApi(service);
    expect(await call(api, 'GET', '/v1/jobs')).toMatchObject({
      status: 503,
      json: { code: 'STORE_UNAVAILABLE', detail: 'The store s3://jobs does not answer: connection refused' },
    });
    expect(api.failures).toHaveLength(1);
  });
});

describe('the rate', () => {
  it('is limited by token, and by address where there is none', async () => {
    const api = await openApi(new MemoryService(), { limits: { rate: { requests: 3, seconds: 60 } } });
    const statuses = async (token: string | null, path: string): Promise<number[]> => {
      const replies = [];
      for (let number = 0; number < 4; number++)
        replies.push((await call(api, 'GET', path, { token })).status);
      return replies;
    };
    expect(await statuses(TOKENS.read, '/v1/jobs')).toEqual([200, 200, 200, 429]);
    expect(await statuses(TOKENS.write, '/v1/workers')).toEqual([200, 200, 200, 429]);
    expect(await statuses('lp_guess', '/v1/jobs')).toEqual([401, 401, 401, 429]);
    expect(await statuses(null, '/nowhere')).toEqual([429, 429, 429, 429]);
    expect(await statuses(null, '/livez')).toEqual([200, 200, 200, 200]);
    const reply = await call(api, 'GET', '/v1/jobs', { token: TOKENS.read });
    expect(reply.json).toMatchObject({ code: 'RATE_LIMITED', retryable: true });
    expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0);
  });
});

describe('without tokens', () => {
  it('everybody on this machine may do everything, but no web page of elsewhere', async () => {
    const api = await openApi(new MemoryService(), { tokens: null });
    const { host } = new URL(api.url);
    const cancel = async (headers: Record<string, string>) =>
      (await call(api, 'POST', '/v1/jobs/job-1/cancel', { token: null, headers })).status;
    expect(await cancel({})).toBe(404);
    expect(await cancel({ origin: `http://${host}` })).toBe(404);
    expect(await cancel({ host: `localhost:${new URL(api.url).port}` })).toBe(404);
    expect(await cancel({ origin: 'https://evil.example' })).toBe(400);
    expect(await cancel({ origin: 'null' })).toBe(400);
    // A name of the page's own that was pointed at this machine.
    expect(await cancel({ host: 'evil.example', origin: 'http://evil.example' })).toBe(400);
  });
});

describe('an address', () => {
  it('that is taken is told as such', async () => {
    const api = await openApi(new MemoryService());
    await expect(openApi(new MemoryService(), { address: api.address })).rejects.toMatchObject({
      code: 'CLUSTER_LISTEN_FAILED',
      details: { reason: 'address already in use' },
    });
  });

  it('is served with TLS where there is a certificate', async () => {
    const { authority, coordinator } = await makeCertificates();
    const tls = { certificate: Buffer.from(coordinator.certificate), key: Buffer.from(coordinator.key) };
    const api = await openApi(new MemoryService(), { tls });
    expect(api.url).toMatch(/^https:/);
    const agent = new Agent({ ca: authority.certificate });
    const reply = await new Promise<unknown>((resolve, reject) => {
      const sent = request(
        `${api.url}/livez`,
        { agent },
        (response) => void jsonOf(response).then(resolve, reject),
      );
      sent.on('error', reject);
      sent.end();
    });
    agent.destroy();
    expect(reply).toMatchObject({ alive: true });
  });
});
