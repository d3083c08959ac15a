import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JobRecord } from '#core/job/record.js';
import type { Coordinator } from './coordinator.js';
import { stepsOf } from './jobs.js';
import { Ground } from './service.js';
import { historyFailure } from './verdict.js';

const ground = new Ground();
const long = { epochs: 25, name: 'long' };

/** Puts a file where the folder of the runs is: as root, permissions would hinder nobody. */
async function obstruct(store: string, { process }: Coordinator): Promise<() => Promise<void>> {
  const runs = join(store, 'jobs');
  // It would make the folder anew in between.
  process.signal('SIGSTOP');
  await rename(runs, join(store, 'aside'));
  await writeFile(runs, '');
  process.signal('SIGCONT');
  return async () => {
    await rm(runs);
    await rename(join(store, 'aside'), runs);
  };
}

const eventsOf = <Type extends string>(record: JobRecord, type: Type) =>
  record.history.filter((event): event is Extract<typeof event, { type: Type }> => event.type === type);

describe('a failure that may pass', () => {
  it('has the job tried again, after a longer time each time, from its last checkpoint', async () => {
    const service = await ground.service();
    const view = await service.view();
    const one = await service.coordinator('one', ['--solve-here']);
    const job = await service.submit(one, long);
    await view.step(job.id, 12);
    const clear = await obstruct(service.place.store, one);
    await view.until(job.id, 'tried twice', ({ attempt }) => attempt >= 2);
    await clear();
    await service.expectWhole(job);
    const retried = eventsOf(await view.record(job.id), 'job.retried');
    expect(retried.slice(0, 2).map(({ attempt, delaySeconds }) => [attempt, delaySeconds])).toEqual([
      [1, 2],
      [2, 4],
    ]);
    expect(retried[0]!.failure).toMatchObject({ code: 'STORE_WRITE_FAILED', retryable: true });
    const begun = one.lines.filter(({ msg }) => msg === 'run.started').at(-1)!;
    expect(begun['step']).toBeGreaterThanOrEqual(10);
  });

  it('fails the job once it was tried as often as its spec says; then it can be resumed', async () => {
    const service = await ground.service();
    const view = await service.view();
    const one = await service.coordinator('one', ['--solve-here']);
    const job = await service.submit(one, { ...long, queue: '{ retries: 1 }' });
    await view.step(job.id, 12);
    const clear = await obstruct(service.place.store, one);
    const failed = await view.until(job.id, 'failed', ({ state }) => state === 'failed');
    expect(eventsOf(failed, 'job.retried')).toHaveLength(1);
    expect(failed.failure?.code).toBe('STORE_WRITE_FAILED');
    await clear();
    expect((await one.client.change(job.id, 'resume')).state).toBe('queued');
    await service.expectWhole(job);
  });
});

describe('a failure that does not pass', () => {
  it('fails the job at once, and it can be resumed when the cause is mended', async () => {
    const service = await ground.service();
    const view = await service.view();
    const files = join(service.place.folder, 'files');
    await mkdir(files);
    const rows = (columns: number): string =>
      Array.from({ length: 200 }, (_, row) =>
        Array.from({ length: columns }, (_, column) => (row * 7 + column * 3) % 2).join(),
      ).join('\n');
    await writeFile(join(files, 'data.csv'), rows(5));
    const one = await service.coordinator('one', ['--solve-here', '--files', files]);
    const { id } = await service.submit(one, { train: '{ file: data.csv }' });
    const failed = await view.until(id, 'failed', ({ state }) => state === 'failed');
    expect(eventsOf(failed, 'job.retried')).toEqual([]);
    expect(failed.failure?.retryable).toBe(false);
    // The next one is not held up by it.
    await service.expectWhole(await service.submit(one));

    await writeFile(join(files, 'data.csv'), rows(784));
    await one.client.change(id, 'resume');
    await view.until(id, 'completed', ({ state }) => state === 'completed');
  });

  it('is that its time is up; resumed, it has as much again', async () => {
    const service = await ground.service();
    const view = await service.view();
    const one = await service.coordinator('one', ['--solve-here']);
    // Of which the start of the engine is a part.
    const seconds = 12;
    const job = await service.submit(one, { epochs: 1000, queue: `{ timeLimitSeconds: ${seconds} }` });
    const timeUp = async () => {
      const record = await view.until(job.id, 'failed', ({ state }) => state === 'failed', 60_000);
      expect(record.failure).toMatchObject({ code: 'JOB_TIME_LIMIT', retryable: false });
      expect(record.runSeconds).toBeGreaterThanOrEqual(seconds);
      const { events } = await view.job(job.id);
      return { record, step: stepsOf(events).at(-1)! };
    };
    const first = await timeUp();
    await one.client.change(job.id, 'resume');
    const second = await timeUp();
    const begun = one.lines.filter(({ msg }) => msg === 'run.started').map(({ step }) => step);
    expect(begun, 'nothing was lost').toEqual([0, first.step]);
    expect(second.step).toBeGreaterThan(first.step);
    expect(historyFailure(second.record)).toBeNull();
  });
});
