import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { randomStream } from '#core/random.js';
import { openQueue } from '#services/queue/open-queue.js';
import type { JobQueue } from '#services/queue/queue.js';
import { newSeed } from '../store/support.js';
import { RedisServer } from '../support/redis.js';
import { ConsumerProcess } from './consumer-process.js';
import { job, until } from './support.js';

/** In which the entry of a dead process is to be given out again. */
const TAKE_OVER_MS = 20_000;
/** For how long an entry is held without a sign of life. */
const LOCK_MS = 10_000;

let redis: RedisServer;
let queue: JobQueue;

beforeEach(async () => {
  redis = await RedisServer.start();
  queue = await openQueue(redis.url);
});
afterEach(async () => {
  await queue.close();
  await redis.remove();
});

const given = (one: ConsumerProcess, ...ids: string[]): Promise<void> =>
  one.until(() => ids.every((id) => one.idsOf('given').includes(id)), `${ids.join()} given`, TAKE_OVER_MS);

describe('a consuming process', () => {
  it('that is killed has its entries taken over by another', async () => {
    const first = await ConsumerProcess.start(redis.url, { jobs: 2 });
    await queue.add(job('a'));
    await queue.add(job('b'));
    await given(first, 'a', 'b');
    const second = await ConsumerProcess.start(redis.url, { jobs: 2 });
    // As they have been in hand for a while.
    await delay(12_000);
    expect(second.idsOf('given')).toEqual([]);
    await first.kill();
    await given(second, 'a', 'b');
    await second.kill();
  });

  it('that is killed and started again gets its entry again, alone', async () => {
    const first = await ConsumerProcess.start(redis.url);
    await queue.add(job('a'));
    await given(first, 'a');
    await first.kill();
    const second = await ConsumerProcess.start(redis.url, { handleMs: 100 });
    await given(second, 'a');
    await until(async () => !(await queue.has({ id: 'a', ticket: 1 })), 'it is done');
    expect(await second.end()).toBe('');
  });

  it('that stood still for too long is told so, and does no harm', async () => {
    const first = await ConsumerProcess.start(redis.url, { handleMs: 40_000 });
    await queue.add(job('a'));
    await given(first, 'a');
    first.signal('SIGSTOP');
    const second = await ConsumerProcess.start(redis.url);
    await given(second, 'a');
    first.signal('SIGCONT');
    await first.until(() => first.idsOf('lost').includes('a'), 'it is told');
    await first.until(() => first.idsOf('done').includes('a'), 'its handler ends');
    // It goes on with others.
    await queue.add(job('b'));
    await given(first, 'b');
    await delay(LOCK_MS + 2000);
    expect(second.idsOf('lost')).toEqual([]);
    expect(await queue.has({ id: 'a', ticket: 1 })).toBe(true);
    expect(first.idsOf('error')).toEqual([]);
    await first.kill();
    await second.kill();
  });

  it('that stood still alone is told so, and gets its entries again', async () => {
    const only = await ConsumerProcess.start(redis.url, { jobs: 3, handleMs: 16_000 });
    await queue.add(job('a'));
    await given(only, 'a');
    only.signal('SIGSTOP');
    await delay(LOCK_MS + 1000);
    only.signal('SIGCONT');
    await only.until(() => only.idsOf('lost').includes('a'), 'it is told');
    await only.until(() => only.idsOf('given').length === 2, 'it is given out again', TAKE_OVER_MS);
    // Its lock is renewed, though a former one of the same entry has ended.
    await until(async () => !(await queue.has({ id: 'a', ticket: 1 })), 'it is done', TAKE_OVER_MS);
    expect(only.told.map(({ type }) => type)).toEqual(['ready', 'given', 'lost', 'done', 'given', 'done']);
    expect(await only.end()).toBe('');
  });

  it('that ends gives out nothing more, and leaves nothing behind', async () => {
    const one = await ConsumerProcess.start(redis.url, { jobs: 2, handleMs: 300 });
    for (let index = 0; index < 50; index++) await queue.add(job(`n${index}`));
    await one.until(() => one.idsOf('given').length >= 6, 'it is at work');
    expect(await one.end()).toBe('');
    const [begun, done] = [one.idsOf('given'), one.idsOf('done')];
    expect([...done].sort()).toEqual([...begun].sort());
    const rest = await queue.waiting();
    expect(rest).toHaveLength(50 - done.length);
    const held = await redis.ask((client) => client.llen('locoprop:jobs:active'));
    expect(held).toBe(0);
  });

  it('may be killed at any time, and no entry is lost', async () => {
    const { integerBelow } = randomStream(newSeed(), 'queue-kills');
    const ENTRIES = 200;
    const KILLS = 10;
    const all: ConsumerProcess[] = [];
    const begin = async (): Promise<ConsumerProcess> => {
      const one = await ConsumerProcess.start(redis.url, { jobs: 2, handleMs: 100 + integerBelow(400) });
      all.push(one);
      return one;
    };
    const three = await Promise.all([begin(), begin(), begin()]);
    for (let index = 0; index < ENTRIES; index++) {
      const changes = { priority: integerBelow(101), notBefore: new Date(Date.now() + integerBelow(5000)) };
      await queue.add(job(`n${index}`, { ...changes, notBefore: changes.notBefore.toISOString() }));
    }
    for (let kill = 0; kill < KILLS; kill++) {
      await delay(200 + integerBelow(1000));
      const index = integerBelow(three.length);
      await three[index]!.kill();
      three[index] = await begin();
    }
    const done = (): Set<string> => new Set(all.flatMap((one) => one.idsOf('done')));
    const left = (): string => `of ${ENTRIES} entries ${done().size} are done`;
    await until(() => done().size === ENTRIES, 'all are done', 90_000).catch((error: unknown) => {
      throw new Error(left(), { cause: error });
    });
    await until(async () => (await queue.waiting()).length === 0, 'none waits', TAKE_OVER_MS);
    for (const one of three) expect(await one.end()).toBe('');
    expect(all.flatMap((one) => one.idsOf('error'))).toEqual([]);
  }, 180_000);
});
