import { describe, expect, it } from 'vitest';
import { openQueue } from '#services/queue/open-queue.js';
import { queueContract } from './contract.js';
import { Consumer, inMs, job } from './support.js';

queueContract('the queue in the process', () => openQueue(null));

describe('the queue in the process, besides', () => {
  it('is not shared', async () => {
    const queue = await openQueue(null);
    expect(queue.shared).toBe(false);
    expect(queue.location).toBe('this process');
    await queue.close();
  });

  it('has one consumer at a time', async () => {
    const queue = await openQueue(null);
    const { end } = await Consumer.of(queue);
    await expect(Consumer.of(queue)).rejects.toThrow('one consumer at a time');
    await end();
    const again = await Consumer.of(queue);
    await again.end();
    await queue.close();
  });

  it('waits for a time that no timer reaches', async () => {
    const queue = await openQueue(null);
    const { consumer, end } = await Consumer.of(queue);
    await queue.add(job('in a year', { notBefore: inMs(365 * 86_400_000) }));
    await queue.add(job('now'));
    (await consumer.nth(0)).done();
    await end();
    expect(consumer.ids).toEqual(['now']);
    expect(await queue.waiting()).toEqual(['in a year']);
    await queue.close();
  });

  it('drops what waits where it is closed', async () => {
    const queue = await openQueue(null);
    await queue.add(job('a'));
    await queue.add(job('later', { notBefore: inMs(60_000) }));
    await queue.close();
    expect(await queue.waiting()).toEqual([]);
  });
});
