import { describe, expect, it } from 'vitest';
import { MemoryService } from '../support/memory-service.js';
import { openApi, sendRaw, submit, TOKENS, until } from './support.js';

describe('a connection', () => {
  const limits = { headSeconds: 0.6, bodySeconds: 0.6, lingerSeconds: 0.2 };
  const head = (...lines: string[]): string =>
    [
      `POST /v1/jobs HTTP/1.1`,
      'host: localhost',
      `authorization: Bearer ${TOKENS.admin}`,
      ...lines,
      '',
      '',
    ].join('\r\n');

  it('whose head trickles is told that it is too slow', async () => {
    const api = await openApi(new MemoryService(), { limits });
    const reply = await sendRaw(api, Array.from(head().slice(0, -4)), 50);
    expect(reply.status).toBe(408);
    expect(reply.head).toContain('application/problem+json');
    expect(JSON.parse(reply.body)).toMatchObject({ code: 'REQUEST_TOO_SLOW', status: 408 });
  });

  it('whose body trickles is told so too, and closed', async () => {
    const api = await openApi(new MemoryService(), { limits });
    for (const path of ['/v1/jobs', '/v1/datasets?name=a.npy']) {
      const begin = head('content-type: application/yaml', 'content-length: 1000').replace('/v1/jobs', path);
      const reply = await sendRaw(api, [begin, ...Array.from('a'.repeat(100))], 50);
      expect(reply.status).toBe(408);
      expect(JSON.parse(reply.body)).toMatchObject({ code: 'REQUEST_TOO_SLOW' });
    }
  });

  it('may be slow with an upload, as long as enough of it comes', async () => {
    const api = await openApi(new MemoryService(), { limits: { ...limits, uploadPaceBytes: 5 } });
    const begin = head('content-length: 30', 'connection: close').replace(
      '/v1/jobs',
      '/v1/datasets?name=a.npy',
    );
    const reply = await sendRaw(api, [begin, ...Array.from('a'.repeat(30))], 50);
    expect(reply.status).toBe(201);
  });

  it('with a head that is too large is told so', async () => {
    const api = await openApi(new MemoryService());
    const reply = await sendRaw(api, [head(`x-much: ${'a'.repeat(20_000)}`)]);
    expect(reply.status).toBe(431);
    expect(JSON.parse(reply.body)).toMatchObject({ code: 'REQUEST_TOO_LARGE', status: 431 });
  });

  it('that speaks no HTTP is told so', async () => {
    const api = await openApi(new MemoryService());
    for (const text of ['hello\r\n\r\n', '\x16\x03\x01\x02\x00', 'GET / HTTP/1.1\r\nbad header\r\n\r\n']) {
      const reply = await sendRaw(api, [text]);
      expect(reply.status).toBe(400);
      expect(JSON.parse(reply.body)).toMatchObject({ code: 'REQUEST_INVALID' });
    }
  });

  it('that speaks no HTTP in the middle of an answer is cut, and the answer is not spoilt', async () => {
    const service = new MemoryService();
    const api = await openApi(service);
    const id = await submit(api);
    const begin = head('content-length: 0').replace('POST /v1/jobs', `GET /v1/jobs/${id}/events`);
    const reply = await sendRaw(api, [begin], 0, 'nonsense\r\n\r\n');
    expect(reply.status).toBe(200);
    expect(reply.body).toContain('event: job');
    expect(reply.body).not.toContain('HTTP/1.1');
    await until(() => service.watching === 0);
    expect(api.failures).toEqual([]);
  });
});
