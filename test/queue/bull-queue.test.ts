import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { beforeAll, describe, expect, it } from 'vitest';
import { openQueue } from '#services/queue/open-queue.js';
import { RedisServer } from '../support/redis.js';
import { freePort } from '../support/running.js';
import { queueContract } from './contract.js';
import { Consumer, job } from './support.js';

let redis: RedisServer;
beforeAll(async () => {
  redis = await RedisServer.start();
});

let prefixes = 0;

queueContract('the queue in Redis', () => openQueue(redis.url, { prefix: `contract-${++prefixes}` }));

describe('the queue in Redis, besides', () => {
  it('is shared by those of the same prefix', async () => {
    const one = await openQueue(redis.url, { prefix: 'shared' });
    const two = await openQueue(redis.url, { prefix: 'shared' });
    const other = await openQueue(redis.url, { prefix: 'other' });
    expect(one.shared).toBe(true);
    await one.add(job('a'));
    await one.add(job('b'));
    expect(await two.waiting()).toEqual(['a', 'b']);
    expect(await other.waiting()).toEqual([]);
    const first = await Consumer.of(one);
    const a = await first.consumer.nth(0);
    const second = await Consumer.of(two);
    const b = await second.consumer.nth(0);
    expect([a.id, b.id].sort()).toEqual(['a', 'b']);
    expect(await two.has(a)).toBe(true);
    a.done();
    b.done();
    await first.end();
    await second.end();
    for (const queue of [one, two, other]) await queue.close();
  });

  it('leaves nothing in Redis of entries that are done', async () => {
    const queue = await openQueue(redis.url, { prefix: 'clean' });
    const { consumer, end } = await Consumer.of(queue);
    for (let index = 0; index < 20; index++) {
      await queue.add(job(`n${index}`));
      const entry = await consumer.nth(index);
      if (index % 2) entry.done();
      else entry.fail(new Error('broken'));
    }
    await end();
    await queue.close();
    const keys = await redis.ask((client) => client.keys('clean:*'));
    // What is left is the queue's own, however many entries it had.
    expect(keys.filter((key) => /^clean:jobs:n\d/.test(key))).toEqual([]);
    expect(keys.length).toBeLessThan(10);
  });

  it('ends its consumers where it is closed', async () => {
    const queue = await openQueue(redis.url, { prefix: 'closing' });
    await queue.add(job('a'));
    const { consumer } = await Consumer.of(queue);
    const a = await consumer.nth(0);
    const closed = queue.close();
    a.done();
    await closed;
    const left = await redis.ask((client) => client.keys('closing:jobs:a*'));
    expect(left).toEqual([]);
  });

  it('shows no password', async () => {
    await redis.ask((client) => client.call('ACL', 'SETUSER', 'ann', 'on', '>top@secret', '~*', '+@all'));
    const url = `redis://ann:top%40secret@127.0.0.1:${redis.port}/0`;
    const queue = await openQueue(url);
    expect(queue.location).toBe(`redis://ann:***@127.0.0.1:${redis.port}/0`);
    await queue.close();
    await expect(openQueue(url.replace('secret', 'wrong'))).rejects.toMatchObject({
      code: 'QUEUE_UNAVAILABLE',
      message: expect.stringMatching(
        new RegExp(`^The queue at redis://ann:\\*\\*\\*@127.0.0.1:${redis.port}/0 .*WRONGPASS`),
      ) as string,
    });
  });

  it('takes a Redis at its word that may not be asked', async () => {
    await redis.ask((client) =>
      client.call('ACL', 'SETUSER', 'eve', 'on', '>x', '~*', '+@all', '-info', '-config'),
    );
    const queue = await openQueue(`redis://eve:x@127.0.0.1:${redis.port}`);
    await queue.check();
    await queue.close();
  });

  it('refuses what is no address of a Redis', async () => {
    for (const url of ['localhost:6379', 'http://localhost:6379', 'redis://a b:x', '']) {
      await expect(openQueue(url)).rejects.toMatchObject({ code: 'QUEUE_MISCONFIGURED' });
    }
  });

  it('refuses a Redis that forgets entries where memory is short', async () => {
    const forgetful = await RedisServer.start('--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru');
    await expect(openQueue(forgetful.url)).rejects.toMatchObject({
      code: 'QUEUE_MISCONFIGURED',
      message: `The Redis at ${forgetful.url} cannot hold a queue: its maxmemory-policy is allkeys-lru, so entries vanish where memory is short`,
    });
    await forgetful.remove();
  });

  it.each([
    ['6.0.16', false],
    ['5.0.7', false],
    ['6.2.0', true],
    ['7.2.4', true],
    ['10.0.0', true],
  ])('looks at the version: %s', async (version, fits) => {
    // Answers every command with this version, as far as one looks.
    const info = `# Server\r\nredis_version:${version}\r\nmaxmemory_policy:noeviction\r\n`;
    const server = createServer((socket) => {
      socket.on('data', (data) => {
        for (const _ of data.toString().matchAll(/^\*\d+/gm)) socket.write(`$${info.length}\r\n${info}\r\n`);
      });
      socket.on('error', () => undefined);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const opened = openQueue(`redis://127.0.0.1:${(server.address() as AddressInfo).port}`);
    if (fits) {
      await (await opened).close();
    } else {
      await expect(opened).rejects.toMatchObject({
        code: 'QUEUE_MISCONFIGURED',
        message: expect.stringContaining(`it is version ${version}`) as string,
      });
    }
    server.close();
  });

  it('fails soon where there is none', async () => {
    const start = performance.now();
    await expect(openQueue(`redis://127.0.0.1:${await freePort()}`)).rejects.toMatchObject({
      code: 'QUEUE_UNAVAILABLE',
      message: expect.stringContaining('ECONNREFUSED') as string,
      retryable: true,
    });
    expect(performance.now() - start).toBeLessThan(5000);
  });
});
