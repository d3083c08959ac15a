import { describe, expect, it } from 'vitest';
import { Ground } from './service.js';

const ground = new Ground();
const long = { epochs: 25, name: 'long' };

describe('workers of a coordinator', () => {
  it('die while a job runs, which goes on when another one joins', async () => {
    const service = await ground.service();
    const view = await service.view();
    const one = await service.coordinator('one');
    const job = await service.submit(one, long);
    await one.logged('run.waiting', ({ jobId, step }) => jobId === job.id && step === 0);
    const workers = [service.worker('w1', one), service.worker('w2', one)];
    await view.step(job.id, 12);
    for (const worker of workers) worker.signal('SIGKILL');
    await one.logged('run.waiting', ({ step }) => Number(step) >= 12);
    expect(await one.client.workers()).toEqual([]);
    service.worker('w3', one);
    await service.expectWhole(job);
    expect((await view.record(job.id)).fence, 'it was the same take all the time').toBe(1);
  });

  it('are left alone by a job that is paused, cancelled and taken back meanwhile', async () => {
    const service = await ground.service();
    const view = await service.view();
    const one = await service.coordinator('one');
    const worker = service.worker('w1', one);
    const job = await service.submit(one, long);
    const other = await service.submit(one, { epochs: 1000, seed: 2, name: 'endless' });
    await view.step(job.id, 8);
    await one.client.change(job.id, 'pause');
    await view.step(other.id, 8);
    await one.client.change(other.id, 'cancel');
    await one.client.change(job.id, 'resume');
    await service.expectWhole(job);
    const [view1] = await one.client.workers();
    expect(view1).toMatchObject({ worker: 'w1', parts: [] });
    // Nobody needs it: it may go at once.
    worker.signal('SIGTERM');
    const { code } = await worker.waitForEnd();
    expect(code).toBe(0);
    await one.logged('worker.left', (line) => line['worker'] === 'w1');
    expect(await one.client.workers()).toEqual([]);
  });

  it('leave in the middle of a job when they are asked to, and it goes on with the others', async () => {
    const service = await ground.service();
    const view = await service.view();
    const one = await service.coordinator('one');
    const leaves = service.worker('w1', one);
    const job = await service.submit(one, long);
    await view.step(job.id, 4);
    service.worker('w2', one);
    await one.logged('worker.joined', (line) => line['worker'] === 'w2');
    leaves.signal('SIGTERM');
    const { code } = await leaves.waitForEnd(20_000);
    expect(code).toBe(0);
    await service.expectWhole(job);
    expect((await view.record(job.id)).history.filter(({ type }) => type === 'job.started')).toHaveLength(1);
  });

  it('are shared by two jobs at a time, which come to what they come to alone', async () => {
    const service = await ground.service();
    const view = await service.view();
    const one = await service.coordinator('one', ['--jobs', '2', '--workers', '2', '--worker-threads', '1']);
    const jobs = [await service.submit(one, long), await service.submit(one, { ...long, seed: 2 })];
    for (const { id } of jobs) await view.step(id, 4);
    for (const { id } of jobs) expect((await one.client.get(id)).state).toBe('running');
    const held = (await one.client.workers()).flatMap(({ parts }) => parts.map(({ job }) => job));
    expect(new Set(held)).toEqual(new Set(jobs.map(({ id }) => id)));
    for (const job of jobs) await service.expectWhole(job);
  });
});
