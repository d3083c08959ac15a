import { createHash, randomBytes } from 'node:crypto';
import { get, request, type IncomingMessage } from 'node:http';
import { createParser } from 'eventsource-parser';
import { randomStream } from '#core/random.js';
import { describe, expect, it } from 'vitest';
import type { HttpApi } from '#coordinator/api/http/options.js';
import { MemoryService } from '../support/memory-service.js';
import { call, openApi, sendRaw, submit, TOKENS, until } from './support.js';

const step = (number: number, padding = '') => ({
  type: 'step.done' as const,
  epoch: 1,
  step: number,
  loss: 1 / number,
  examples: 32,
  seconds: 0.1,
  phases: { data: 0, forward: 0, targets: 0, solve: 0.1 },
  ...(padding !== '' && { padding }),
});

const authorization = `Bearer ${TOKENS.read}`;

/** Opens a stream; its body is not read before it is listened to. */
const open = (api: HttpApi, path: string, headers: Record<string, string> = {}): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    get(`${api.url}${path}`, { agent: false, headers: { authorization, ...headers } }, resolve).on(
      'error',
      reject,
    );
  });

interface SeenEvent {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly data: string;
}

/** The events of a stream as they come; `enough` of them close the connection. */
async function eventsOf(response: IncomingMessage, enough = Infinity) {
  const events: SeenEvent[] = [];
  const seen = { events, retry: 0, comments: 0 };
  const parser = createParser({
    onEvent: ({ id, event, data }) => {
      if (events.length < enough) events.push({ id, event, data });
    },
    onRetry: (retry) => (seen.retry = retry),
    onComment: () => (seen.comments += 1),
  });
  for await (const chunk of response.setEncoding('utf8')) {
    parser.feed(chunk as string);
    if (events.length >= enough) break;
  }
  return seen;
}

describe('the events of a job', () => {
  it('come with kind, cursor and item, before the job runs and until it has ended', async () => {
    const service = new MemoryService();
    const api = await openApi(service);
    const id = await submit(api);
    const response = await open(api, `/v1/jobs/${id}/events`);
    expect(response.statusCode).toBe(200);
    expect(response.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
    });
    const reading = eventsOf(response);
    await until(() => service.watching === 1);
    service.start(id);
    service.happens(id, step(1));
    service.complete(id);
    const { events, retry } = await reading;
    expect(retry).toBe(2000);
    expect(events.map(({ event }) => event)).toEqual([
      ...['job-event', 'job', 'job-event', 'job', 'event', 'job-event', 'job'],
    ]);
    const items = events.map(({ data }) => JSON.parse(data) as { kind: string; cursor: string });
    expect(items.map(({ kind }) => kind)).toEqual(events.map(({ event }) => event));
    expect(items.map(({ cursor }) => cursor)).toEqual(events.map(({ id: of }) => of));
    expect(items.at(-1)).toMatchObject({ kind: 'job', job: { id, state: 'completed' } });
    await until(() => service.watching === 0);
  });

  it('go on behind the last one that was had, without gap or repeat, however often the connection breaks', async () => {
    const seed = randomBytes(4).readUInt32LE();
    console.info(`seed ${seed}`);
    const { integerBelow: draw } = randomStream(seed);
    const service = new MemoryService();
    const api = await openApi(service);
    const id = await submit(api);
    service.start(id);
    const all = 400;
    let made = 0;
    const making = setInterval(() => {
      for (let many = draw(20); many >= 0 && made < all; many--) service.happens(id, step(++made));
      if (made === all) {
        clearInterval(making);
        service.complete(id);
      }
    }, 5);
    const had: SeenEvent[] = [];
    let ended = false;
    let connections = 0;
    while (!ended) {
      connections += 1;
      const last = had.at(-1)?.id;
      const headers = last === undefined || draw(2) === 0 ? undefined : { 'last-event-id': last };
      const query = last === undefined || headers ? '' : `?after=${last}`;
      const response = await open(api, `/v1/jobs/${id}/events${query}`, headers);
      const enough = 1 + draw(60);
      const { events } = await eventsOf(response, enough);
      had.push(...events);
      ended = events.length < enough;
    }
    expect(connections).toBeGreaterThan(3);
    expect(had.map(({ id: cursor }) => cursor)).toEqual(had.map((_, index) => `item-${index}`));
    const steps = had
      .filter(({ event }) => event === 'event')
      .map(({ data }) => JSON.parse(data) as { event: { step: number } });
    expect(steps.map(({ event }) => event.step)).toEqual(
      Array.from({ length: all }, (_, index) => index + 1),
    );

    // Clients that connect again by themselves are told that there is nothing more.
    const after = await open(api, `/v1/jobs/${id}/events`, { 'last-event-id': had.at(-1)!.id! });
    expect(after.statusCode).toBe(204);
    await until(() => service.watching === 0);
  });

  it('have comments where nothing happens', async () => {
    const service = new MemoryService();
    const api = await openApi(service, { limits: { heartbeatSeconds: 0.05, stallSeconds: 0.2 } });
    const id = await submit(api);
    const reading = eventsOf(await open(api, `/v1/jobs/${id}/events`));
    await new Promise((resolve) => setTimeout(resolve, 3000));
    service.start(id);
    service.complete(id);
    const { comments, events } = await reading;
    expect(comments).toBeGreaterThan(3);
    expect(events).toHaveLength(6);
  });

  it('that nobody reads stay where they are, and the connection is cut after a time', async () => {
    const service = new MemoryService();
    const api = await openApi(service, { limits: { stallSeconds: 1 } });
    const id = await submit(api);
    const padding = 'x'.repeat(10_000);
    const all = 10_000;
    for (let number = 1; number <= all; number++) service.happens(id, step(number, padding));
    const response = await open(api, `/v1/jobs/${id}/events`);
    response.on('error', () => undefined);
    const closed = new Promise((resolve) => response.once('close', resolve));
    await until(() => service.watching === 0);
    // What the system's buffers hold, far from the 100 MB that there are.
    expect(service.delivered).toBeLessThan(all / 4);
    expect(service.delivered).toBeGreaterThan(0);
    response.resume();
    await closed;
    expect(response.complete).toBe(false);
    expect(api.failures).toEqual([]);
  });

  it('are as many at a time as was allowed', async () => {
    const service = new MemoryService();
    const api = await openApi(service, { limits: { streams: 2 } });
    const id = await submit(api);
    const path = `/v1/jobs/${id}/events`;
    const first = await open(api, path);
    await open(api, path);
    expect(await call(api, 'GET', path)).toMatchObject({
      status: 503,
      json: { code: 'SERVICE_UNAVAILABLE' },
    });
    first.destroy();
    await until(() => service.watching === 1);
    expect((await open(api, path)).statusCode).toBe(200);
  });

  it('end within a second when the server closes, as all connections do', async () => {
    const service = new MemoryService();
    const api = await openApi(service);
    const id = await submit(api);
    const streams = await Promise.all([
      open(api, `/v1/jobs/${id}/events`),
      open(api, `/v1/jobs/${id}/logs?follow=true`),
    ]);
    await until(() => service.watching === 2);
    const ends = streams.map((stream) => new Promise((resolve) => stream.resume().once('end', resolve)));
    const from = performance.now();
    await api.close();
    await Promise.all(ends);
    expect(performance.now() - from).toBeLessThan(10_000);
    expect(service.watching).toBe(0);
    expect(api.failures).toEqual([]);
  });
});

describe('the log of a job', () => {
  it('is a JSON object a line, from a level on, with the attempt', async () => {
    const service = new MemoryService();
    const api = await openApi(service);
    const id = await submit(api);
    service.start(id);
    service.happens(id, step(1));
    const read = async (query: string) => {
      const { text, headers } = await call(api, 'GET', `/v1/jobs/${id}/logs${query}`);
      expect(headers['content-type']).toBe('application/jsonl');
      return text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown);
    };
    const started = { level: 'info', event: 'job.started', job: id, attempt: 1 };
    const accepted = { level: 'info', event: 'job.accepted', job: id };
    expect(await read('')).toEqual([accepted, started]);
    expect(await read('?level=debug')).toEqual([
      accepted,
      started,
      { level: 'debug', event: 'step.done', job: id, attempt: 1 },
    ]);

    const following = await open(api, `/v1/jobs/${id}/logs?follow=true&level=warn`);
    expect(following.statusCode).toBe(200);
    const ended = new Promise((resolve) => following.resume().once('end', resolve));
    service.complete(id);
    await ended;
  });
});

describe('an upload', () => {
  const MEGABYTE = Buffer.alloc(2 ** 20, 'locoprop');

  /** Sends megabytes as fast as they are taken. */
  const upload = (api: HttpApi, megabytes: number, headers: Record<string, string> = {}) =>
    new Promise<{ status: number; text: string }>((resolve, reject) => {
      const sent = request(
        `${api.url}/v1/datasets?name=big.npy`,
        { method: 'POST', agent: false, headers: { authorization: `Bearer ${TOKENS.write}`, ...headers } },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (data: string) => (text += data));
          response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        },
      );
      sent.on('error', reject);
      let left = megabytes;
      const more = (): void => {
        while (left > 0 && sent.writable) {
          left -= 1;
          if (!sent.write(MEGABYTE)) {
            sent.once('drain', more);
            return;
          }
        }
        sent.end();
      };
      more();
    });

  it('is taken as it comes, and never held', async () => {
    const api = await openApi(new MemoryService());
    await upload(api, 16);
    const before = process.memoryUsage().rss;
    let most = before;
    const looking = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 5);
    const hash = createHash('sha256');
    for (let number = 0; number < 256; number++) hash.update(MEGABYTE);
    const digest = hash.digest();
    const { status, text } = await upload(api, 256, {
      'repr-digest': `sha-256=:${digest.toString('base64')}:`,
    });
    clearInterval(looking);
    expect(status).toBe(201);
    const id = digest.toString('hex');
    expect(JSON.parse(text)).toMatchObject({ id, name: 'big.npy', bytes: 2 ** 28 });
    expect(most - before).toBeLessThan(128 * 2 ** 20);
    expect(await call(api, 'GET', `/v1/datasets/${id}`)).toMatchObject({ status: 200, json: { id } });
    expect((await call(api, 'GET', '/v1/datasets')).json).toMatchObject({ datasets: [{}, { id }] });
    expect((await call(api, 'DELETE', `/v1/datasets/${id}`)).status).toBe(204);
  });

  it('that announces too much is refused before it is sent', async () => {
    const api = await openApi(new MemoryService(), { limits: { uploadBytes: 2 ** 20 } });
    const { status, text } = await upload(api, 2, { 'content-length': String(2 ** 21) });
    expect(status).toBe(413);
    expect(JSON.parse(text)).toMatchObject({ code: 'DATASET_TOO_LARGE' });
  });

  it('that turns out to be too much is refused, and heard of', async () => {
    const service = new MemoryService();
    service.uploadLimit = 2 ** 20;
    const api = await openApi(service, { limits: { lingerSeconds: 1 } });
    const { status, text } = await upload(api, 64);
    expect(status).toBe(413);
    expect(JSON.parse(text)).toMatchObject({ code: 'DATASET_TOO_LARGE' });
  });

  it('that never ends after its refusal is cut off', async () => {
    const api = await openApi(new MemoryService(), { limits: { lingerSeconds: 0.2 } });
    const head = `POST /v1/datasets?name=a.npy HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\n`;
    const reply = await sendRaw(api, [head]);
    expect(reply.status).toBe(401);
  });

  it('that its client breaks off is no failure of the coordinator', async () => {
    const service = new MemoryService();
    const taken = { error: undefined as unknown, begun: false };
    service.upload = async (content) => {
      try {
        for await (const _ of content) taken.begun = true;
      } catch (error) {
        taken.error = error;
        throw error;
      }
      throw new Error('it ended as if it were whole');
    };
    const api = await openApi(service);
    const sent = request(`${api.url}/v1/datasets?name=a.npy`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKENS.write}`, 'content-length': '100' },
    });
    sent.on('error', () => undefined);
    sent.write('abc');
    await until(() => taken.begun);
    sent.destroy();
    await until(() => taken.error !== undefined);
    expect(taken.error).toMatchObject({ code: 'REQUEST_INVALID' });
    expect(api.failures).toEqual([]);
  });
});
