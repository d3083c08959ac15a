import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { RedisServer } from '../support/redis.js';
import type { Running } from '../support/running.js';
import { stepsOf } from './jobs.js';
import { Ground } from './service.js';
import { until } from '../support/until.js';

const TAKEN_UP_MS = 30_000;
const long = { epochs: 25, name: 'long' };

const ground = new Ground();
const sharing = async () => ground.service((await RedisServer.start()).url);
const hook = fileURLToPath(new URL('stop-at.mjs', import.meta.url));

/** Resolves once the process stands still. */
async function stopped({ pid }: Running): Promise<void> {
  const state = async (): Promise<string> => {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2)[0]!;
  };
  await until(async () => (await state()) === 'T');
}

describe('of two coordinators on one Redis and one store', () => {
  it('one takes up the job and the worker of the other, which is killed', async () => {
    const service = await sharing();
    const view = await service.view();
    const first = await service.coordinator('first');
    const second = await service.coordinator('second');
    service.worker('w1', first, second);
    await first.logged('worker.joined');
    service.worker('w2', second, first);
    await second.logged('worker.joined');

    // Each runs a job of its own, whoever was asked.
    const jobs = [await service.submit(first, long), await service.submit(first, { ...long, seed: 2 })];
    for (const { id } of jobs) await view.step(id, 6);
    const holders = await Promise.all(jobs.map(async ({ id }) => (await view.record(id)).coordinator));
    expect(holders.toSorted()).toEqual(['first', 'second']);
    const job = jobs[holders.indexOf('first')]!;
    const other = jobs[holders.indexOf('second')]!;
    // The second one is to have its hands free.
    await second.client.change(other.id, 'pause');
    await view.until(other.id, 'paused', ({ state }) => state === 'paused');

    await first.kill();
    const left = (await view.job(job.id)).events;
    const before = stepsOf(left).length;
    const saved = left.findLast((event) => event.type === 'checkpoint.saved')?.step ?? 0;
    const killedMs = performance.now();
    await view.until(job.id, 'taken up', ({ coordinator }) => coordinator === 'second', TAKEN_UP_MS);
    await second.logged('worker.joined', ({ worker }) => worker === 'w1', TAKEN_UP_MS);
    expect(performance.now() - killedMs).toBeLessThan(TAKEN_UP_MS);
    const events = await view.step(job.id, before + 1);
    const begun = events.findLast((event) => event.type === 'run.started')!;
    expect(begun.step, 'it goes on from its last checkpoint').toBeGreaterThanOrEqual(saved);
    expect(events.some((event) => event.type === 'worker.joined' && event.worker === 'w1')).toBe(true);

    await second.client.change(other.id, 'resume');
    await service.expectWhole(job);
    await service.expectWhole(other);
  });

  it('one that stands still for longer than its lease does no harm when it goes on', async () => {
    const service = await sharing();
    const view = await service.view();
    const first = await service.coordinator('first', ['--solve-here']);
    const job = await service.submit(first, long);
    await view.step(job.id, 6);
    const second = await service.coordinator('second', ['--solve-here']);
    first.process.signal('SIGSTOP');
    await view.until(job.id, 'taken up', ({ coordinator }) => coordinator === 'second', TAKEN_UP_MS);
    await second.logged('run.started');
    first.process.signal('SIGCONT');
    const { fence } = await first.logged('job.lost', ({ jobId }) => jobId === job.id);
    expect(fence).toBe(1);
    await service.expectWhole(job);
    expect((await view.record(job.id)).fence).toBe(2);

    // It goes on taking others.
    expect((await second.terminate()).code).toBe(0);
    await service.expectWhole(await service.submit(first, { seed: 2 }));
  });

  it.each(['before the earlier runs are removed', 'before the run is copied'])(
    'one that stands still %s does no harm when it goes on',
    async (point) => {
      const service = await sharing();
      const view = await service.view();
      const zeroth = await service.coordinator('zeroth', ['--solve-here']);
      const job = await service.submit(zeroth, long);
      await view.step(job.id, 6);
      // So that there is a run before that of the one that is to stop.
      await zeroth.client.change(job.id, 'pause');
      await view.until(job.id, 'paused', ({ state }) => state === 'paused');
      expect((await zeroth.terminate()).code).toBe(0);
      const env = { STOP_AT: point, NODE_OPTIONS: `--unhandled-rejections=strict --import ${hook}` };
      const first = await service.coordinator('first', ['--solve-here'], env);
      const second = await service.coordinator('second', ['--solve-here', '--jobs', '2']);
      // The second one is asked for nothing before the first one stands still.
      second.process.signal('SIGSTOP');
      await first.client.change(job.id, 'resume');
      await stopped(first.process);
      second.process.signal('SIGCONT');
      await view.until(job.id, 'taken up', ({ coordinator }) => coordinator === 'second', TAKEN_UP_MS);
      const { step } = await second.logged('run.started', ({ jobId }) => jobId === job.id);
      expect(step).toBeGreaterThanOrEqual(6);
      first.process.signal('SIGCONT');
      await first.logged('job.lost', ({ jobId }) => jobId === job.id);
      await service.expectWhole(job);
      expect((await view.record(job.id)).runs.at(-1)!.fence).toBe(3);
    },
  );
});
