import { describe, expect, it } from 'vitest';
import { RedisServer } from '../support/redis.js';
import { Ground } from './service.js';
import { historyFailure } from './verdict.js';

const ground = new Ground();
const long = { epochs: 20, name: 'long' };

describe('a Redis that loses everything', () => {
  it('is filled from the records again while jobs run and wait', async () => {
    const redis = await RedisServer.start();
    const service = await ground.service(redis.url);
    const view = await service.view();
    const one = await service.coordinator('one', ['--solve-here']);
    const two = await service.coordinator('two', ['--solve-here']);
    const running = [await service.submit(one, long), await service.submit(two, { ...long, seed: 2 })];
    for (const { id } of running) await view.step(id, 4);
    const waiting = [await service.submit(one), await service.submit(two, { seed: 2 })];
    await redis.flush();
    for (const job of [...running, ...waiting]) await service.expectWhole(job);
    expect([...one.lines, ...two.lines].map(({ msg }) => msg)).toContain('queue.rebuilt');
  });

  it('is filled with what a coordinator was running that died at the same time', async () => {
    const redis = await RedisServer.start();
    const service = await ground.service(redis.url);
    const view = await service.view();
    const one = await service.coordinator('one', ['--solve-here']);
    const job = await service.submit(one, long);
    await view.step(job.id, 6);
    await one.kill();
    await redis.flush();
    one.restart();
    await service.expectWhole(job);
    expect((await view.record(job.id)).fence).toBe(2);
  });

  it('that is gone for a while stops nothing for good', async () => {
    const redis = await RedisServer.start();
    const service = await ground.service(redis.url);
    const view = await service.view();
    const one = await service.coordinator('one', ['--solve-here']);
    const running = await service.submit(one, long);
    await view.step(running.id, 4);
    await redis.stop('SIGKILL');
    // It is durable, and queued when there is a queue again.
    const later = await service.submit(one, { seed: 2 });
    await one.logged('queue.lost');
    await redis.begin();
    await service.expectWhole(later);
    await service.expectWhole(running);
    const { seconds } = await one.logged('queue.restored');
    expect(seconds).toBeGreaterThan(0);
    // However many commands and connections have failed meanwhile.
    const told = one.lines
      .map(({ msg }) => msg)
      .filter((msg) => /^(queue|store)\.(lost|restored)$/.test(msg));
    expect(told).toEqual(['queue.lost', 'queue.restored']);
  });
});

describe('a request to another coordinator than the one that runs the job', () => {
  it('pauses, resumes and cancels it', async () => {
    const service = await ground.service((await RedisServer.start()).url);
    const view = await service.view();
    const one = await service.coordinator('one', ['--solve-here']);
    const two = await service.coordinator('two', ['--solve-here']);
    const endless = { name: 'long', epochs: 1000 };
    const cancelled = await service.submit(one, endless);
    const job = await service.submit(one, { name: 'long', epochs: 25, seed: 2 });
    for (const { id } of [cancelled, job]) await view.step(id, 2);
    const runs = async (id: string): Promise<boolean> => (await view.record(id)).coordinator === 'one';
    const [ofFirst, ofJob] = [await runs(cancelled.id), await runs(job.id)];
    expect(ofFirst, 'each has one of them').toBe(!ofJob);

    const other = ofJob ? two : one;
    expect((await other.client.change(job.id, 'pause')).state).toBe('pausing');
    const paused = await view.until(job.id, 'paused', ({ state }) => state === 'paused');
    expect(paused.coordinator).toBeNull();
    // With a checkpoint of the last step.
    const { events } = await view.job(job.id);
    const saved = events.findLast((event) => event.type === 'checkpoint.saved')!;
    expect(saved.step).toBe(paused.progress?.step);
    expect((await one.client.change(job.id, 'resume')).state).toBe('queued');
    expect((await (ofFirst ? two : one).client.change(cancelled.id, 'cancel')).state).toBe('cancelling');
    await view.until(cancelled.id, 'cancelled', ({ state }) => state === 'cancelled');
    expect(historyFailure(await view.record(cancelled.id))).toBeNull();
    await service.expectWhole(job);
  });
});
