import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openQueue } from '#services/queue/open-queue.js';
import type { JobQueue } from '#services/queue/queue.js';
import { RedisServer } from '../support/redis.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { Consumer, job, until, type InHand } from './support.js';

/** For how long an entry is held without a sign of life. */
const LOCK_MS = 10_000;

let redis: RedisServer;
const ends: (() => Promise<void>)[] = [];

beforeEach(async () => {
  redis = await RedisServer.start();
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  await redis.remove();
});

const open = async (url = redis.url): Promise<JobQueue> => {
  const queue = await openQueue(url);
  ends.push(() => queue.close());
  return queue;
};

const consume = async (queue: JobQueue, jobs = 1): Promise<Consumer> => {
  const { consumer, end } = await Consumer.of(queue, jobs);
  ends.push(async () => {
    for (const one of consumer.given) one.done();
    await end();
  });
  return consumer;
};

/** How long it takes until the entry's holder is told that it is lost. */
const timeToLose = async ({ lost }: InHand, timeoutMs: number): Promise<number> => {
  const start = performance.now();
  await until(() => lost.aborted, 'the holder is told that the entry is lost', timeoutMs);
  return performance.now() - start;
};

describe('while Redis does not answer', () => {
  const failsSoon = async (queue: JobQueue): Promise<void> => {
    // What has failed may be done nevertheless.
    const entry = { id: 'unknown', ticket: 1 };
    const commands: [string, () => Promise<unknown>][] = [
      ['add', () => queue.add(job('b'))],
      ['remove', () => queue.remove(entry)],
      ['has', () => queue.has(entry)],
      ['waiting', () => queue.waiting()],
      ['check', () => queue.check()],
    ];
    for (const [name, command] of commands) {
      const start = performance.now();
      await expect(command(), name).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE', retryable: true });
      expect(performance.now() - start, name).toBeLessThan(10_000);
    }
  };

  it('fails soon where it has ended, and goes on where it is back', async () => {
    const queue = await open();
    await queue.add(job('a'));
    await redis.stop();
    await failsSoon(queue);
    await expect(queue.check()).rejects.toThrow(/^The queue at redis:.* does not answer: .*ECONNREFUSED/);
    await redis.begin();
    await until(() => queue.check().then(() => true).catch(() => false), 'it answers again'); // prettier-ignore
    expect(await queue.has({ id: 'a', ticket: 1 })).toBe(true);
    await queue.add(job('c'));
    expect(await queue.waiting()).toContain('c');
  });

  it('fails soon where it stands still, and goes on afterwards', async () => {
    const queue = await open();
    await queue.add(job('a'));
    redis.signal('SIGSTOP');
    await failsSoon(queue);
    await expect(openQueue(redis.url)).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' });
    redis.signal('SIGCONT');
    await until(() => queue.check().then(() => true).catch(() => false), 'it answers again'); // prettier-ignore
    expect(await queue.has({ id: 'a', ticket: 1 })).toBe(true);
  });

  it('ends its consumers, idle or at work', async () => {
    const queue = await open();
    const { consumer, end } = await Consumer.of(queue);
    const idle = await Consumer.of(queue);
    await queue.add(job('a'));
    await until(() => consumer.given.length + idle.consumer.given.length === 1, 'it is given out');
    await redis.stop();
    await delay(500);
    for (const one of [...consumer.given, ...idle.consumer.given]) one.done();
    const start = performance.now();
    await Promise.all([end(), idle.end()]);
    const begun = await Consumer.of(queue);
    await begun.end();
    await queue.close();
    expect(performance.now() - start).toBeLessThan(30_000);
    ends.splice(0);
  });
});

describe('a consumer', () => {
  it('goes on where Redis was started again, with the entries that there were', async () => {
    const queue = await open();
    const consumer = await consume(queue);
    for (const id of ['a', 'b', 'c']) await queue.add(job(id));
    const a = await consumer.nth(0);
    const telling = (): readonly string[] => consumer.errors.splice(0).map(({ message }) => message);
    await redis.restart();
    await until(() => queue.check().then(() => true).catch(() => false), 'it answers again'); // prettier-ignore
    expect(await queue.waiting()).toEqual(['b', 'c']);
    await delay(5000);
    expect(a.lost.aborted).toBe(false);
    a.done();
    (await consumer.nth(1)).done();
    // Now while it waits for entries.
    (await consumer.nth(2)).done();
    await until(async () => !(await queue.has({ id: 'c', ticket: 1 })), 'all are gone');
    const first = telling();
    expect(new Set(first).size, 'each is told once').toBe(first.length);
    await redis.stop('SIGKILL');
    await redis.begin();
    await until(() => queue.add(job('d')).then(() => true).catch(() => false), 'it is added'); // prettier-ignore
    await consumer.nth(3);
    expect(consumer.ids).toEqual(['a', 'b', 'c', 'd']);
    const second = telling();
    expect(new Set(second).size, 'each is told once').toBe(second.length);
  });

  it('is told that its entry is lost where Redis is away for too long, and gets it again', async () => {
    const queue = await open();
    const consumer = await consume(queue, 2);
    await queue.add(job('a'));
    const a = await consumer.nth(0);
    const stopsMs = performance.now();
    await redis.stop();
    await timeToLose(a, LOCK_MS + 10_000);
    expect(performance.now() - stopsMs).toBeGreaterThan(LOCK_MS - 3000);
    expect(consumer.errors.map((error) => 'code' in error && error.code)).toContain('QUEUE_UNAVAILABLE');
    await redis.begin();
    a.done();
    const again = await consumer.nth(1, 25_000);
    expect(again).toMatchObject({ id: 'a', ticket: 1 });
    again.done();
    await until(async () => !(await queue.has(again)), 'it is gone');
    expect(consumer.given).toHaveLength(2);
  });

  it('survives that all entries vanish, which can be added again', async () => {
    const queue = await open();
    const consumer = await consume(queue, 2);
    for (const id of ['a', 'b', 'c']) await queue.add(job(id));
    const [a, b] = [await consumer.nth(0), await consumer.nth(1)];
    await redis.flush();
    expect(await queue.waiting()).toEqual([]);
    expect(await queue.has(a)).toBe(false);
    await Promise.all([timeToLose(a, LOCK_MS), timeToLose(b, LOCK_MS)]);
    // Before the former handlers have ended.
    for (const id of ['a', 'b', 'c']) await queue.add(job(id));
    await delay(500);
    expect(consumer.given).toHaveLength(2);
    a.done();
    b.done();
    for (let index = 2; index < 5; index++) {
      const entry = await consumer.nth(index);
      // Long enough for a lock that nobody renews to run out.
      if (index === 4) await delay(LOCK_MS + 6000);
      expect(entry.lost.aborted).toBe(false);
      entry.done();
    }
    await until(async () => !(await queue.has({ id: 'c', ticket: 1 })), 'all are gone');
    expect(consumer.ids).toEqual(['a', 'b', 'a', 'b', 'c']);
    expect(consumer.errors).toEqual([]);
  });

  it('does not touch an entry whose lock is another’s', async () => {
    const queue = await open();
    const consumer = await consume(queue);
    await queue.add(job('a'));
    const a = await consumer.nth(0);
    const lock = 'locoprop:jobs:a_1:lock';
    await redis.ask((client) => client.set(lock, 'another’s', 'PX', 60_000, 'XX'));
    expect(await timeToLose(a, LOCK_MS), 'before it runs out').toBeLessThan(LOCK_MS - 1000);
    a.done();
    await queue.add(job('b'));
    (await consumer.nth(1)).done();
    expect(await queue.has(a)).toBe(true);
    expect(await redis.ask((client) => client.get(lock))).toBe('another’s');
    expect(consumer.errors).toEqual([]);
  });

  it('comes back after its network was cut without a word', async () => {
    const proxy = await new TcpProxy(redis.port).listen();
    ends.push(() => proxy.close());
    const far = await open(`redis://127.0.0.1:${proxy.port}`);
    const near = await open();
    const consumer = await consume(far);
    await near.add(job('a'));
    const a = await consumer.nth(0);
    proxy.blackhole();
    await timeToLose(a, LOCK_MS + 1000);
    a.done();
    const { consumer: other, end } = await Consumer.of(near);
    const taken = await other.nth(0, 20_000);
    expect(taken.id).toBe('a');
    // What was under way is lost for good.
    proxy.cut();
    proxy.heal();
    await delay(6000);
    expect(taken.lost.aborted).toBe(false);
    await near.add(job('b'));
    await consumer.nth(1, 20_000);
    expect(consumer.ids).toEqual(['a', 'b']);
    taken.done();
    await end();
    expect(await near.has(taken)).toBe(false);
  });
});
