import { describe, expect, it } from 'vitest';
import { freePort } from '../support/processes.js';
import { refuse, type Fault } from './fake-coordinator.js';
import { clientOf, coordinator, failureOf } from './support.js';

const reset: Fault = (_, response) => {
  response.socket?.resetAndDestroy();
  return true;
};

const busy =
  (status: number, headers: Record<string, string> = {}): Fault =>
  (_, response) =>
    refuse(response, [status, status === 429 ? 'RATE_LIMITED' : 'SERVICE_UNAVAILABLE', 'Busy.', headers]);

describe('a client', () => {
  it('has every operation', async () => {
    const server = await coordinator();
    server.token = 'secret';
    const client = clientOf(server);
    const job = await client.submit('name: tiny\n');
    expect(job).toMatchObject({ id: 'job1', state: 'queued' });
    expect(server.seen.at(-1)).toMatchObject({
      headers: { 'content-type': 'application/yaml', authorization: 'Bearer secret' },
      body: Buffer.from('name: tiny\n'),
    });
    expect((await client.get('job1')).spec.name).toBe('tiny');
    expect(await client.change('job1', 'pause')).toMatchObject({ state: 'paused' });
    expect(await client.change('job1', 'resume')).toMatchObject({ state: 'queued' });
    expect(await client.change('job1', 'cancel')).toMatchObject({ state: 'cancelled' });
    expect(await client.metrics('job1')).toEqual([]);
    expect(await client.artifacts('job1')).toEqual([]);
    expect(await client.workers()).toEqual([]);
    await client.remove('job1');
    expect(server.jobs.size).toBe(0);
  });

  it('lists jobs a page at a time, of some states', async () => {
    const server = await coordinator();
    for (let index = 1; index <= 5; index += 1)
      server.addJob(`job${index}`, { state: index % 2 === 0 ? 'queued' : 'running' });
    const client = clientOf(server);
    const first = await client.list({ states: ['running', 'paused'], limit: 2 });
    expect(first.jobs.map(({ id }) => id)).toEqual(['job5', 'job3']);
    const second = await client.list({ states: ['running', 'paused'], limit: 2, cursor: first.next });
    expect(second).toMatchObject({ jobs: [{ id: 'job1' }], next: null });
  });

  it('passes on what the coordinator refuses, with the exit code of its kind', async () => {
    const server = await coordinator();
    const client = clientOf(server);
    expect(await failureOf(client.get('nothing'))).toEqual({
      name: 'RemoteError',
      code: 'JOB_UNKNOWN',
      message: 'There is no job nothing.',
      remedy: 'Remedy of JOB_UNKNOWN.',
      retryable: false,
      exitCode: 1,
    });
    server.faults.push((_, response) => refuse(response, [422, 'SPEC_INVALID', 'two\nlines\u001b[31m']));
    const refused = await failureOf(client.submit('a: 1'));
    expect(refused).toMatchObject({ code: 'SPEC_INVALID', exitCode: 2, message: 'two\nlines [31m' });
    server.faults.push((_, response) => refuse(response, [418, 'FROM_A_LATER_VERSION', 'It is new.']));
    expect(await failureOf(client.workers())).toMatchObject({ code: 'FROM_A_LATER_VERSION', exitCode: 1 });
  });

  it.each([
    ['a page of another program', 200, { 'content-type': 'text/html' }, '<p>hello'],
    ['another failure', 404, { 'content-type': 'text/html' }, '<p>not here'],
    ['a redirect', 302, { location: 'https://elsewhere.example/' }, ''],
    ['damaged JSON', 200, { 'content-type': 'application/json' }, '{"workers": ['],
    ['JSON of something else', 200, { 'content-type': 'application/json' }, '{"peers": []}'],
    ['a problem without its fields', 400, { 'content-type': 'application/problem+json' }, '{"status": 400}'],
  ])('takes %s for no coordinator', async (_, status, headers, body) => {
    const server = await coordinator();
    server.faults.push((__, response) => {
      response.writeHead(status, headers);
      response.end(body);
      return true;
    });
    const failure = await failureOf(clientOf(server).workers());
    expect(failure).toMatchObject({ code: 'SERVICE_ANSWER_INVALID', exitCode: 1 });
    expect(failure['message']).toContain(server.url);
    expect(server.seen).toHaveLength(1);
  });
});

describe('where nobody answers', () => {
  it('a first request is given up after a while', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const begun = performance.now();
    const failure = await failureOf(clientOf({ url, token: null }, { firstMs: 400 }).workers());
    expect(failure).toMatchObject({ code: 'SERVICE_UNREACHABLE', retryable: true, exitCode: 1 });
    expect(failure['message']).toContain(url);
    expect(failure['message']).toContain('ECONNREFUSED');
    expect(performance.now() - begun).toBeLessThan(5000);
  });

  it('one that was there before is waited for', async () => {
    const server = await coordinator();
    const client = clientOf(server, { firstMs: 1, laterMs: 20_000 });
    await client.workers();
    await server.stop();
    const answer = client.change((server.addJob('job1'), 'job1'), 'pause');
    await server.start();
    expect(await answer).toMatchObject({ state: 'paused' });
  });

  it('a server that is silent counts as gone', async () => {
    const server = await coordinator();
    server.faults.push(
      () => true,
      () => true,
    );
    const client = clientOf(server, { firstMs: 30_000, silenceMs: 2000 });
    // The first two are never answered.
    expect(await client.workers()).toEqual([]);
    expect(server.seen).toHaveLength(3);
  });

  it('a certificate that is not trusted is no reason to try again', async () => {
    const server = await coordinator();
    const url = server.url.replace('http:', 'https:');
    const begun = performance.now();
    const failure = await failureOf(clientOf({ url, token: null }, { firstMs: 20_000 }).workers());
    expect(failure['code']).toBe('SERVICE_UNREACHABLE');
    expect(performance.now() - begun).toBeLessThan(5000);
  });
});

describe('a request that failed', () => {
  it('is sent again where the coordinator is busy, when that says', async () => {
    const server = await coordinator();
    server.addJob('job1');
    server.faults.push(busy(503), busy(429, { 'retry-after': '1' }), busy(503));
    const begun = performance.now();
    expect(await clientOf(server).change('job1', 'pause')).toMatchObject({ state: 'paused' });
    expect(performance.now() - begun).toBeGreaterThan(900);
    expect(server.count('POST', '/v1/jobs/job1/pause')).toBe(4);
  });

  it('is given up where it would have to wait for longer than it may', async () => {
    const server = await coordinator();
    server.faults.push(busy(429, { 'retry-after': '3600' }));
    expect(await failureOf(clientOf(server).workers())).toMatchObject({
      code: 'RATE_LIMITED',
      retryable: true,
    });
    expect(server.seen).toHaveLength(1);
  });

  it('makes no second job of a submit whose answer was lost', async () => {
    const server = await coordinator();
    server.faults.push((seen, response) => {
      // It is done, and the answer does not come.
      const key = String(seen.headers['idempotency-key']);
      void fetch(`${server.url}/v1/jobs`, {
        method: 'POST',
        body: seen.body,
        headers: { 'idempotency-key': key },
      }).then(() => response.socket?.resetAndDestroy());
      return true;
    });
    expect(await clientOf(server).submit('name: tiny')).toMatchObject({ id: 'job1' });
    const keys = new Set(server.seen.map(({ headers }) => headers['idempotency-key']));
    expect([server.jobs.size, server.seen.length, keys.size]).toEqual([1, 3, 1]);
    // Another submit is another job.
    expect(await clientOf(server).submit('name: tiny')).toMatchObject({ id: 'job2' });
  });

  it('is not sent again where it may have been heard and twice is not once', async () => {
    const server = await coordinator();
    server.addJob('job1');
    for (const request of [
      () => clientOf(server).change('job1', 'pause'),
      () => clientOf(server).remove('job1'),
    ]) {
      server.faults.push(reset);
      expect(await failureOf(request())).toMatchObject({ code: 'SERVICE_UNREACHABLE' });
    }
    expect(server.seen).toHaveLength(2);
  });

  it('is sent again where the answer breaks off', async () => {
    const server = await coordinator();
    for (let index = 0; index < 3; index += 1) {
      server.faults.push((_, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
        response.write('{"workers":');
        setTimeout(() => response.socket?.resetAndDestroy(), 20);
        return true;
      });
    }
    expect(await clientOf(server).workers()).toEqual([]);
  });
});
