import type { FeedItem } from '#coordinator/service/job-service.js';
import { Metadata, status as Status } from '@grpc/grpc-js';
import { connect, type ClientHttp2Stream, type IncomingHttpHeaders } from 'node:http2';
import { describe, expect, it, onTestFinished } from 'vitest';
import { collect, framed, type Message, refusalOf, service as definition } from './client.js';
import { MemoryService } from '../support/memory-service.js';
import { type Serving, serving, stepEvent, stepEvents, submit, until } from './support.js';

const kindOf = ({ item }: Message): string => String(item);
const sequenceOf = ({ event }: Message): number => (event as { sequence: number }).sequence;
const cursorsOf = (messages: readonly Message[]): string[] => messages.map(({ cursor }) => String(cursor));

/** A job that has run and is completed. */
async function completedJob(far: Serving, steps = 20): Promise<string> {
  const id = await submit(far);
  far.service.start(id);
  far.service.tell(id, ...stepEvents(steps));
  far.service.complete(id);
  return id;
}

describe('a watch', () => {
  it('tells all that happened, in order', async () => {
    const far = await serving();
    const id = await submit(far);
    far.service.start(id);
    far.service.tell(id, ...stepEvents(2));
    far.service.rewind(id, 1);
    far.service.tell(id, stepEvent(2));
    const items = await far.client.all('WatchJob', { id, follow: false });
    expect(items.map(kindOf)).toEqual([
      'jobEvent',
      'job',
      'jobEvent',
      'job',
      'event',
      'event',
      'rewind',
      'event',
    ]);
    expect(items[0]).toMatchObject({ jobEvent: { type: 'JOB_EVENT_TYPE_ACCEPTED' } });
    expect(items[3]).toMatchObject({ job: { id, state: 'JOB_STATE_RUNNING', coordinator: 'here' } });
    expect(items[6]).toMatchObject({ rewind: { last: 1 } });
    const { event } = items[5] as { event: Record<string, unknown> };
    expect(event).toMatchObject({ sequence: 2, type: 'step.done', time: { nanos: 678_000_000 } });
    expect(JSON.parse(String(event['eventJson']))).toEqual(stepEvent(2));
    expect(cursorsOf(items)).toEqual((far.service.feeds.get(id) ?? []).map(({ cursor }) => cursor));
  });

  it('goes on until the job has ended', async () => {
    const far = await serving();
    const id = await submit(far);
    const stream = far.client.open('WatchJob', { id, follow: true });
    const all = collect(stream);
    await until(() => far.service.watches.length === 1);
    far.service.start(id);
    far.service.tell(id, ...stepEvents(3));
    far.service.complete(id);
    expect((await all).map(kindOf).slice(-3)).toEqual(['event', 'jobEvent', 'job']);
  });

  it('says that it was accepted before there is anything to tell', async () => {
    const far = await serving();
    const id = await submit(far);
    const cursor = far.service.feeds.get(id)?.at(-1)?.cursor;
    const stream = far.client.open('WatchJob', { id, after: cursor, follow: true });
    stream.on('error', () => undefined);
    expect(await new Promise((resolve) => stream.once('metadata', resolve))).toBeInstanceOf(Metadata);
    stream.cancel();
  });

  it('is taken up at any cursor without a gap or a repetition', async () => {
    const far = await serving();
    const id = await completedJob(far);
    const whole = await far.client.all('WatchJob', { id, follow: true });
    for (const [index, { cursor }] of whole.entries()) {
      const rest = await far.client.all('WatchJob', { id, after: cursor, follow: true });
      expect(cursorsOf(rest)).toEqual(cursorsOf(whole.slice(index + 1)));
    }
  });

  it('is taken up after each of many breaks while the job goes on', async () => {
    const far = await serving();
    const id = await submit(far);
    far.service.start(id);
    const steps = 300;
    let told = 0;
    const trainer = setInterval(() => {
      if (told < steps) far.service.tell(id, stepEvent(++told));
      else {
        clearInterval(trainer);
        far.service.complete(id);
      }
    }, 1);
    onTestFinished(() => clearInterval(trainer));
    const had: Message[] = [];
    let ended = false;
    while (!ended) {
      const after = had.at(-1)?.['cursor'] ?? '';
      const stream = far.client.open('WatchJob', { id, after, follow: true });
      let left = 17;
      try {
        for await (const item of stream as AsyncIterable<Message>) {
          had.push(item);
          if (--left === 0) break;
        }
        ended = left > 0;
      } finally {
        stream.on('error', () => undefined).cancel();
      }
    }
    expect(had.filter((item) => item['item'] === 'event').map(sequenceOf)).toEqual(
      stepEvents(steps).map(({ sequence }) => sequence),
    );
    expect(cursorsOf(had)).toEqual((far.service.feeds.get(id) ?? []).map(({ cursor }) => cursor));
    await until(() => far.service.watches.every(({ ended }) => ended));
  });

  it('ends when its client cancels it', async () => {
    const far = await serving();
    const id = await submit(far);
    const stream = far.client.open('WatchJob', { id, follow: true });
    stream.resume();
    const refusal = new Promise<{ code: number }>((resolve) =>
      stream.on('error', (error) => resolve(error as never)),
    );
    await until(() => far.service.watches.length === 1);
    expect(far.service.watches[0]?.options.signal.aborted).toBe(false);
    stream.cancel();
    expect((await refusal).code).toBe(Status.CANCELLED);
    await until(() => far.service.watches[0]?.ended === true);
    expect(far.service.records.get(id)?.state).toBe('queued');
    expect(far.log).toEqual([]);
  });

  it('ends at its deadline', async () => {
    const far = await serving();
    const id = await submit(far);
    const stream = far.client.open('WatchJob', { id, follow: true }, Date.now() + 1500);
    expect(await refusalOf(collect(stream))).toMatchObject({ status: Status.DEADLINE_EXCEEDED });
    await until(() => far.service.watches[0]?.ended === true);
  });

  it('ends at its deadline also where the client forgets about it', async () => {
    const far = await serving();
    const id = await submit(far);
    const session = connect(`http://${far.api.address}`);
    onTestFinished(() => session.destroy());
    const call = session.request({
      ...{ ':method': 'POST', ':path': '/locoprop.v1.Coordinator/WatchJob', te: 'trailers' },
      ...{ 'content-type': 'application/grpc', 'grpc-timeout': '1500m', authorization: 'Bearer reader' },
    });
    const trailers = trailersOf(call);
    call.end(framed(definition['WatchJob']!.requestSerialize({ id, follow: true })));
    expect((await trailers)['grpc-status']).toBe('4');
    await until(() => far.service.watches[0]?.ended === true);
  });

  it('waits for a client that does not read, and goes on when it does', async () => {
    const far = await serving();
    const id = await submit(far);
    far.service.start(id);
    const steps = 50_000;
    far.service.tell(id, ...stepEvents(steps));
    far.service.complete(id);
    const stream = far.client.open('WatchJob', { id, follow: true });
    const first = await new Promise<Message>((resolve) =>
      stream.once('data', (item: Message) => {
        stream.pause();
        resolve(item);
      }),
    );
    const given = (): number => far.service.watches[0]?.given ?? 0;
    let before = -1;
    while (before !== given()) {
      before = given();
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    // What the windows of HTTP/2 and the socket hold, and nothing of the server's.
    expect(given()).toBeLessThan(10_000);
    const items = [first, ...(await collect(stream))];
    expect(items.filter(({ item }) => item === 'event').map(sequenceOf)).toEqual(
      stepEvents(steps).map(({ sequence }) => sequence),
    );
  });

  it('is one of so many at most', async () => {
    const far = await serving({ limits: { streams: 2 } });
    const id = await submit(far);
    const open = () => far.client.open('WatchJob', { id, follow: true }).on('error', () => undefined);
    const first = open();
    open();
    await until(() => far.service.watches.length === 2);
    expect(await refusalOf(far.client.all('WatchJob', { id }))).toMatchObject({
      ...{ status: Status.UNAVAILABLE, code: 'SERVICE_UNAVAILABLE', retryable: 'true' },
    });
    first.cancel();
    await until(() => far.service.watches[0]?.ended === true);
    expect(await far.client.all('WatchJob', { id })).not.toEqual([]);
  });

  it('that fails on the way says so, after what it told before', async () => {
    class Failing extends MemoryService {
      override async watch(): Promise<AsyncIterable<FeedItem>> {
        await Promise.resolve();
        return (async function* () {
          await Promise.resolve();
          yield { kind: 'rewind', cursor: 'a', last: 7 } as const;
          throw new RangeError('what nobody knows of');
        })();
      }
    }
    const { client, log } = await serving({}, new Failing());
    const items: Message[] = [];
    const stream = client.open('WatchJob', { id: 'x' }).on('data', (item: Message) => items.push(item));
    const refusal = await refusalOf(new Promise((_, reject) => stream.on('error', reject)));
    expect(refusal).toMatchObject({ status: Status.INTERNAL, code: 'SERVICE_FAILED' });
    expect(items).toMatchObject([{ rewind: { last: 7 } }]);
    expect(log).toMatchObject([{ level: 'error', fields: { err: new RangeError('what nobody knows of') } }]);
  });
});

describe("a job's log", () => {
  it('has a line for what is worth one', async () => {
    const far = await serving();
    const id = await completedJob(far, 3);
    const lines = await far.client.all('GetJobLogs', { id, follow: true });
    const line = { level: 'info', job: id, event: 'step.done' };
    expect(lines.map(({ lineJson }) => JSON.parse(String(lineJson)) as unknown)).toEqual([line, line, line]);
    const rest = await far.client.all('GetJobLogs', { id, after: lines[0]?.['cursor'], follow: true });
    expect(rest).toEqual(lines.slice(1));
  });

  it('can be followed, and let go', async () => {
    const far = await serving();
    const id = await submit(far);
    const stream = far.client.open('GetJobLogs', { id, follow: true });
    const first = new Promise<Message>((resolve) => stream.once('data', resolve));
    stream.on('error', () => undefined);
    await until(() => far.service.watches.length === 1);
    far.service.start(id);
    far.service.tell(id, stepEvent(1));
    expect(await first).toMatchObject({ lineJson: expect.stringContaining('step.done') as string });
    stream.cancel();
    await until(() => far.service.watches[0]?.ended === true);
  });
});

const trailersOf = (call: ClientHttp2Stream): Promise<IncomingHttpHeaders> =>
  new Promise((resolve, reject) => {
    call.on('response', (headers) => 'grpc-status' in headers && resolve(headers));
    call.on('trailers', resolve).on('error', reject).resume();
  });
