import { describe, expect, it } from 'vitest';
import { CHECKPOINT_STEPS, stepsOf } from './jobs.js';
import { Ground } from './service.js';

const ground = new Ground();
const long = { epochs: 25, name: 'long' };
/** It has so long for a checkpoint; and what two busy processors add. */
const CHECKPOINT_MS = 10_000;

describe('a coordinator that is asked to end', () => {
  it.each([
    { workers: 'on its own engine', args: ['--solve-here'] },
    { workers: 'with workers of its own', args: ['--workers', '2', '--worker-threads', '1'] },
  ])('saves what it runs $workers and hands it back, and goes on from there', async ({ args }) => {
    const service = await ground.service();
    const view = await service.view();
    const one = await service.coordinator('one', args);
    const job = await service.submit(one, { ...long, everySteps: 1000 });
    const waiting = await service.submit(one, { seed: 2 });
    await view.step(job.id, 12);
    const askedMs = performance.now();
    const { code } = await one.terminate();
    expect(code).toBe(0);
    expect(performance.now() - askedMs).toBeLessThan(CHECKPOINT_MS);
    expect(one.lines.at(-1)?.msg).toBe('coordinator.stopped');
    const saved = one.lines.findLast(({ msg }) => msg === 'checkpoint.saved')!;

    const { record, events } = await view.job(job.id);
    expect(record).toMatchObject({ state: 'queued', coordinator: null });
    expect(record.history.at(-1)).toMatchObject({ type: 'job.returned', coordinator: 'one' });
    expect(saved['step'], 'all that was done is saved').toBe(stepsOf(events).at(-1));
    expect((await view.record(waiting.id)).fence, 'it has taken no other').toBe(0);

    one.restart();
    const begun = await one.logged('run.started', ({ jobId }) => jobId === job.id);
    expect(begun['step']).toBe(saved['step']);
    await service.expectWhole(job);
    await service.expectWhole(waiting);
  });

  it('does so as soon as it has started', async () => {
    const service = await ground.service();
    const one = await service.coordinator('one', ['--solve-here']);
    const job = await service.submit(one);
    const { code } = await one.terminate();
    expect(code).toBe(0);
    one.restart();
    await one.ready();
    await service.expectWhole(job);
  });
});

describe('a coordinator that is killed', () => {
  it('goes on with its job from the last checkpoint at once when it is back', async () => {
    const service = await ground.service();
    const view = await service.view();
    const one = await service.coordinator('one', ['--solve-here']);
    const job = await service.submit(one, long);
    await view.step(job.id, 12);
    await one.kill();
    const { events } = await view.job(job.id);
    const saved = events.findLast((event) => event.type === 'checkpoint.saved')!.step;
    one.restart();
    const begun = await one.logged('run.started', ({ jobId }) => jobId === job.id);
    expect(begun['step']).toBeGreaterThanOrEqual(saved);
    // Where it was killed between writing one and telling of it.
    expect(begun['step']).toBeLessThanOrEqual(saved + CHECKPOINT_STEPS);
    await service.expectWhole(job);
  });

  it.each(['pause', 'cancel'] as const)(
    'is asked to %s a job that it can do nothing about any more',
    async (change) => {
      const service = await ground.service();
      const view = await service.view();
      const one = await service.coordinator('one', ['--solve-here']);
      const job = await service.submit(one, long);
      await view.step(job.id, 2);
      expect((await one.client.change(job.id, change)).state).toBe(
        change === 'pause' ? 'pausing' : 'cancelling',
      );
      await one.kill();
      one.restart();
      const wanted = change === 'pause' ? 'paused' : 'cancelled';
      await view.until(job.id, wanted, ({ state }) => state === wanted);
      if (change === 'cancel') return;
      await one.ready();
      await one.client.change(job.id, 'resume');
      await service.expectWhole(job);
    },
  );
});
