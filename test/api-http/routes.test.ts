import { describe, expect, it } from 'vitest';
import { MemoryService, someWorker } from '../support/memory-service.js';
import { call, openApi, SPEC, submit, TOKENS, YAML } from './support.js';

describe('jobs', () => {
  it('are submitted in YAML or JSON, and told where they are', async () => {
    const api = await openApi(new MemoryService());
    const reply = await call(api, 'POST', '/v1/jobs', { headers: YAML, body: SPEC });
    expect(reply).toMatchObject({ status: 201, json: { name: 'small', state: 'queued', position: 0 } });
    const { id } = reply.json as { id: string };
    expect(reply.headers.location).toBe(`/v1/jobs/${id}`);
    expect((await call(api, 'GET', `/v1/jobs/${id}`)).json).toEqual(reply.json);

    const spec = { ...(reply.json as { spec: object }).spec, name: 'second' };
    const body = JSON.stringify(spec);
    const headers = { 'content-type': 'application/json; charset=utf-8' };
    expect(await call(api, 'POST', '/v1/jobs', { headers, body })).toMatchObject({
      status: 201,
      json: { name: 'second' },
    });
  });

  it('are made once for a key, whose reuse for another spec is refused', async () => {
    const api = await openApi(new MemoryService());
    const headers = { ...YAML, 'idempotency-key': 'k-1' };
    const first = await call(api, 'POST', '/v1/jobs', { headers, body: SPEC });
    const again = await call(api, 'POST', '/v1/jobs', { headers, body: SPEC });
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.json).toEqual(first.json);
    expect(again.headers.location).toBe(first.headers.location);
    const other = await call(api, 'POST', '/v1/jobs', { headers, body: SPEC.replace('small', 'other') });
    expect(other).toMatchObject({ status: 422, json: { code: 'JOB_KEY_REUSED' } });
  });

  it('are listed in pages, the newest first, by state', async () => {
    const service = new MemoryService();
    const api = await openApi(service);
    const ids = [];
    for (let number = 0; number < 5; number++) ids.unshift(await submit(api));
    await call(api, 'POST', `/v1/jobs/${ids[2]!}/cancel`);

    const seen: string[] = [];
    let query = '?limit=2';
    for (let page = 0; page < 3; page++) {
      const { json } = await call(api, 'GET', `/v1/jobs${query}`);
      const { jobs, next } = json as { jobs: { id: string }[]; next: string | null };
      seen.push(...jobs.map(({ id }) => id));
      query = `?limit=2&cursor=${next ?? ''}`;
      expect(next === null).toBe(page === 2);
    }
    expect(seen).toEqual(ids);
    const states = await call(api, 'GET', '/v1/jobs?state=cancelled,failed');
    expect(states.json).toMatchObject({ jobs: [{ id: ids[2] }], next: null });
    const repeated = await call(api, 'GET', '/v1/jobs?state=queued&state=cancelled');
    expect((repeated.json as { jobs: unknown[] }).jobs).toHaveLength(5);
  });

  it('are paused, resumed, cancelled and deleted', async () => {
    const api = await openApi(new MemoryService());
    const id = await submit(api);
    for (const [verb, state] of [
      ['pause', 'paused'],
      ['resume', 'queued'],
      ['cancel', 'cancelled'],
    ] as const) {
      expect(await call(api, 'POST', `/v1/jobs/${id}/${verb}`)).toMatchObject({
        status: 200,
        json: { id, state },
      });
    }
    expect(await call(api, 'DELETE', `/v1/jobs/${id}`)).toMatchObject({ status: 204, text: '' });
    expect((await call(api, 'GET', `/v1/jobs/${id}`)).status).toBe(404);
  });

  it('show their metrics, and their files for download', async () => {
    const service = new MemoryService();
    const api = await openApi(service);
    const id = await submit(api);
    const bytes = Buffer.alloc(300_000, 'abc');
    service.files.set('checkpoints/best ü.safetensors', bytes);
    service.files.set('summary.json', Buffer.from('{}'));
    service.start(id);

    expect((await call(api, 'GET', `/v1/jobs/${id}/metrics`)).json).toEqual({ metrics: [] });
    expect((await call(api, 'GET', `/v1/jobs/${id}/artifacts`)).json).toEqual({
      artifacts: [
        { name: 'checkpoints/best ü.safetensors', bytes: bytes.length },
        { name: 'summary.json', bytes: 2 },
      ],
    });
    for (const name of ['checkpoints/best%20%C3%BC.safetensors', 'checkpoints%2Fbest%20%C3%BC.safetensors']) {
      const file = await call(api, 'GET', `/v1/jobs/${id}/artifacts/${name}`);
      expect(file.status).toBe(200);
      expect(file.text).toBe(bytes.toString());
      expect(file.headers).toMatchObject({
        'content-length': '300000',
        'content-type': 'application/octet-stream',
        'content-disposition': `attachment; filename="best _.safetensors"; filename*=UTF-8''best%20%C3%BC.safetensors`,
      });
    }
    const summary = await call(api, 'GET', `/v1/jobs/${id}/artifacts/summary.json`);
    expect(summary.headers).toMatchObject({
      'content-type': 'application/json',
      'content-disposition': 'attachment; filename="summary.json"',
    });
  });
});

describe('operations', () => {
  it('tell without a token that the process lives, and whether it is ready', async () => {
    const service = new MemoryService();
    const api = await openApi(service);
    const token = null;
    expect(await call(api, 'GET', '/livez', { token })).toMatchObject({
      status: 200,
      json: { alive: true, version: '1.2.3' },
    });
    expect(await call(api, 'GET', '/readyz', { token })).toMatchObject({
      status: 200,
      json: { ready: true },
    });
    service.ready = false;
    expect(await call(api, 'GET', '/readyz', { token })).toMatchObject({
      status: 503,
      json: { ready: false, checks: { store: 'it does not answer' } },
    });
    expect(api.failures).toEqual([]);
  });

  it('give metrics to who may read, or to all where that was configured', async () => {
    const api = await openApi(new MemoryService());
    expect(await call(api, 'GET', '/metrics', { token: null })).toMatchObject({ status: 401 });
    const metrics = await call(api, 'GET', '/metrics', { token: TOKENS.read });
    expect(metrics).toMatchObject({ status: 200, text: '# TYPE up gauge\nup 1\n' });
    expect(metrics.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    const open = await openApi(new MemoryService(), { openMetrics: true });
    expect(await call(open, 'GET', '/metrics', { token: null })).toMatchObject({ status: 200 });
  });

  it('list the workers', async () => {
    const service = new MemoryService();
    service.workerViews.push(someWorker());
    const api = await openApi(service);
    expect(await call(api, 'GET', '/v1/workers')).toMatchObject({
      status: 200,
      json: { workers: [{ worker: 'w1', parts: [{ layer: 1, job: 'job-1' }] }] },
    });
  });

  it('set the level of the log', async () => {
    const api = await openApi(new MemoryService());
    const put = (body: string) =>
      call(api, 'PUT', '/v1/log-level', { headers: { 'content-type': 'application/json' }, body });
    expect(await put('{"level":"debug"}')).toMatchObject({ status: 200, json: { level: 'debug' } });
    for (const wrong of ['{"level":"loud"}', '{}', '[', '"debug"', '{"level":"info","more":1}']) {
      expect(await put(wrong)).toMatchObject({ status: 400, json: { code: 'REQUEST_INVALID' } });
    }
    expect(api.levels).toEqual(['debug']);
  });

  it('are logged with route, status, time and the name of the token, never the token', async () => {
    const api = await openApi(new MemoryService());
    const id = await submit(api);
    await call(api, 'GET', `/v1/jobs/${id}?unknown=1`, { token: TOKENS.read });
    await call(api, 'GET', '/nowhere', { token: null });
    const [first, second, third] = api.log;
    expect(first).toMatchObject({ method: 'POST', route: '/v1/jobs', status: 201, token: 'the adminer' });
    expect(second).toMatchObject({
      route: '/v1/jobs/{id}',
      status: 400,
      token: 'the reader',
      address: '127.0.0.1',
    });
    expect(third).toMatchObject({ route: null, status: 404, token: null });
    expect(first!.milliseconds).toBeGreaterThan(0);
    for (const token of Object.values(TOKENS)) expect(JSON.stringify(api.log)).not.toContain(token);
  });

  it('answer with headers that keep the data from caches and pages', async () => {
    const api = await openApi(new MemoryService());
    for (const path of ['/v1/jobs', '/nowhere', '/livez', '/%ff']) {
      const { headers } = await call(api, 'GET', path);
      expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
      expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
      expect(headers).not.toHaveProperty('access-control-allow-origin');
    }
  });

  it('have no body where only the head was asked for', async () => {
    const api = await openApi(new MemoryService());
    const head = await call(api, 'HEAD', '/readyz', { token: null });
    expect(head).toMatchObject({ status: 200, text: '' });
  });
});
