import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { JobQueue } from '#services/queue/queue.js';
import { Consumer, inMs, job, until } from './support.js';

/** What every queue does. `open` opens one without entries. */
export function queueContract(name: string, open: () => Promise<JobQueue>): void {
  describe(name, () => {
    const ends: (() => Promise<void>)[] = [];
    const openQueue = async (): Promise<JobQueue> => {
      const queue = await open();
      ends.push(() => queue.close());
      return queue;
    };
    afterEach(async () => {
      for (const end of ends.splice(0).reverse()) await end();
    });

    const consume = async (queue: JobQueue, jobs = 1): Promise<Consumer> => {
      const { consumer, end } = await Consumer.of(queue, jobs);
      ends.push(async () => {
        for (const one of consumer.given) one.done();
        await end();
      });
      return consumer;
    };

    /** Ends every handler at once, until so many were given out. */
    const takeAll = async (queue: JobQueue, count: number): Promise<readonly string[]> => {
      const consumer = await consume(queue);
      for (let index = 0; index < count; index++) (await consumer.nth(index)).done();
      return consumer.ids;
    };

    it('gives out by priority, and of the same one by age', async () => {
      const queue = await openQueue();
      for (const [id, priority] of Object.entries({ a: 0, b: 50, c: 100, d: 50, e: 99, f: 0, g: 100 })) {
        await queue.add(job(id, { priority }));
      }
      expect(await queue.waiting()).toEqual(['c', 'g', 'e', 'b', 'd', 'a', 'f']);
      expect(await takeAll(queue, 7)).toEqual(['c', 'g', 'e', 'b', 'd', 'a', 'f']);
      await until(async () => !(await queue.has({ id: 'f', ticket: 1 })), 'the last one is gone');
      expect(await queue.waiting()).toEqual([]);
    });

    it('gives out what comes while it is consumed', async () => {
      const queue = await openQueue();
      const consumer = await consume(queue);
      await queue.add(job('first'));
      const first = await consumer.nth(0);
      await queue.add(job('low', { priority: 1 }));
      await queue.add(job('high', { priority: 90 }));
      first.done();
      expect((await consumer.nth(1)).id).toBe('high');
      expect(await queue.waiting()).toEqual(['low']);
    });

    it('holds back an entry until its time', async () => {
      const queue = await openQueue();
      const consumer = await consume(queue);
      const added = performance.now();
      await queue.add(job('later', { priority: 100, notBefore: inMs(2500) }));
      await queue.add(job('past', { priority: 0, notBefore: inMs(-60_000) }));
      (await consumer.nth(0)).done();
      await consumer.nth(1);
      expect(consumer.ids).toEqual(['past', 'later']);
      expect(performance.now() - added).toBeGreaterThan(2490);
    });

    it('adds an entry once', async () => {
      const queue = await openQueue();
      await queue.add(job('a'));
      await queue.add(job('b'));
      await queue.add(job('a', { priority: 0 }));
      expect(await queue.waiting()).toEqual(['a', 'b']);
      const consumer = await consume(queue);
      const a = await consumer.nth(0);
      await queue.add(job('a'));
      expect(await queue.waiting()).toEqual(['b']);
      a.done();
      (await consumer.nth(1)).done();
      await until(async () => !(await queue.has({ id: 'b', ticket: 1 })), 'b is gone');
      expect(consumer.ids).toEqual(['a', 'b']);
    });

    it('takes another ticket of a job for another entry', async () => {
      const queue = await openQueue();
      await queue.add(job('with_line', { ticket: 1 }));
      await queue.add(job('with_line', { ticket: 12 }));
      await queue.remove({ id: 'with_line', ticket: 1 });
      expect(await queue.has({ id: 'with_line', ticket: 1 })).toBe(false);
      expect(await queue.has({ id: 'with_line', ticket: 12 })).toBe(true);
      expect(await queue.waiting()).toEqual(['with_line']);
      const consumer = await consume(queue);
      expect(await consumer.nth(0)).toMatchObject({ id: 'with_line', ticket: 12 });
    });

    it('adds again what was given out and is done', async () => {
      const queue = await openQueue();
      const consumer = await consume(queue);
      for (let index = 0; index < 3; index++) {
        await queue.add(job('a'));
        (await consumer.nth(index)).done();
        await until(async () => !(await queue.has({ id: 'a', ticket: 1 })), 'it is gone');
      }
    });

    it('does not begin a job whose former handler has not ended', async () => {
      const queue = await openQueue();
      const consumer = await consume(queue, 3);
      await queue.add(job('a', { ticket: 1 }));
      const first = await consumer.nth(0);
      await queue.add(job('a', { ticket: 2 }));
      await queue.add(job('b'));
      await consumer.nth(1);
      await delay(100);
      expect(consumer.ids).toEqual(['a', 'b']);
      first.done();
      expect(await consumer.nth(2)).toMatchObject({ id: 'a', ticket: 2 });
    });

    it('removes what waits', async () => {
      const queue = await openQueue();
      for (const id of ['a', 'b', 'c']) await queue.add(job(id));
      await queue.add(job('later', { notBefore: inMs(500) }));
      await queue.remove({ id: 'b', ticket: 1 });
      await queue.remove({ id: 'later', ticket: 1 });
      await queue.remove({ id: 'unknown', ticket: 1 });
      expect(await queue.has({ id: 'b', ticket: 1 })).toBe(false);
      expect(await queue.has({ id: 'later', ticket: 1 })).toBe(false);
      expect(await queue.waiting()).toEqual(['a', 'c']);
      expect(await takeAll(queue, 2)).toEqual(['a', 'c']);
    });

    it('leaves what was given out to its holder', async () => {
      const queue = await openQueue();
      const consumer = await consume(queue);
      await queue.add(job('a'));
      const a = await consumer.nth(0);
      await queue.remove(a);
      expect(await queue.has(a)).toBe(true);
      expect(await queue.waiting()).toEqual([]);
      expect(a.lost.aborted).toBe(false);
    });

    it('knows what it has', async () => {
      const queue = await openQueue();
      expect(await queue.has({ id: 'a', ticket: 1 })).toBe(false);
      await queue.add(job('a'));
      await queue.add(job('later', { notBefore: inMs(60_000) }));
      expect(await queue.has({ id: 'a', ticket: 1 })).toBe(true);
      expect(await queue.has({ id: 'a', ticket: 2 })).toBe(false);
      expect(await queue.has({ id: 'later', ticket: 1 })).toBe(true);
    });

    it('lists what waits, delayed ones last and the next of them first', async () => {
      const queue = await openQueue();
      await queue.add(job('far', { priority: 100, notBefore: inMs(90_000) }));
      await queue.add(job('near', { priority: 0, notBefore: inMs(60_000) }));
      for (let index = 0; index < 20; index++) await queue.add(job(`n${index}`, { priority: index % 2 }));
      const odd = Array.from({ length: 10 }, (_, index) => `n${2 * index + 1}`);
      const even = Array.from({ length: 10 }, (_, index) => `n${2 * index}`);
      expect(await queue.waiting()).toEqual([...odd, ...even, 'near', 'far']);
    });

    it('gives out as many at a time as is asked for', async () => {
      const queue = await openQueue();
      for (let index = 0; index < 9; index++) await queue.add(job(`n${index}`));
      const consumer = await consume(queue, 3);
      for (let index = 0; index < 9; index++) {
        await until(() => consumer.busy === Math.min(3, 9 - index), 'all hands are full');
        await delay(20);
        expect(consumer.busy).toBe(Math.min(3, 9 - index));
        consumer.given[index]!.done();
      }
      expect(new Set(consumer.ids).size).toBe(9);
    });

    it('tells of a handler that fails, whose entry is gone', async () => {
      const queue = await openQueue();
      const consumer = await consume(queue);
      await queue.add(job('a'));
      await queue.add(job('b'));
      (await consumer.nth(0)).fail(new Error('broken'));
      (await consumer.nth(1)).done();
      await until(async () => !(await queue.has({ id: 'b', ticket: 1 })), 'the next one is done');
      expect(consumer.errors.map(({ message }) => message)).toEqual(['broken']);
      expect(await queue.has({ id: 'a', ticket: 1 })).toBe(false);
      expect(consumer.ids).toEqual(['a', 'b']);
    });

    it('ends giving out once the handlers are done, and may be consumed again', async () => {
      const queue = await openQueue();
      for (const id of ['a', 'b', 'c']) await queue.add(job(id));
      const { consumer, end } = await Consumer.of(queue, 1);
      const a = await consumer.nth(0);
      let ended = false;
      const ending = end().then(() => (ended = true));
      await delay(200);
      expect(ended).toBe(false);
      expect(a.lost.aborted).toBe(false);
      a.done();
      await ending;
      expect(consumer.ids).toEqual(['a']);
      expect(await queue.has(a)).toBe(false);
      expect(await queue.waiting()).toEqual(['b', 'c']);
      expect(await takeAll(queue, 2)).toEqual(['b', 'c']);
    });

    it('answers', async () => {
      const queue = await openQueue();
      await queue.check();
      expect(queue.location).not.toBe('');
    });

    it('lists a thousand entries in no time', async () => {
      const queue = await openQueue();
      await Promise.all(
        Array.from({ length: 1000 }, (_, index) => queue.add(job(`n${index}`, { priority: index % 101 }))),
      );
      const times: number[] = [];
      for (let turn = 0; turn < 20; turn++) {
        const start = performance.now();
        expect(await queue.waiting()).toHaveLength(1000);
        times.push(performance.now() - start);
      }
      // The shortest, as others may have the processor for a while.
      expect(Math.min(...times)).toBeLessThan(250);
    });
  });
}
