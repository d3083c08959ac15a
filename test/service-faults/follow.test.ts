import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '#core/events.js';
import { serviceSpec, stepsOf, type SpecChoice } from './jobs.js';
import { Ground, type Service } from './service.js';

const ground = new Ground();
const long: SpecChoice = { epochs: 25, name: 'long' };

async function specFile(service: Service, choice: SpecChoice): Promise<{ file: string; spec: string }> {
  const spec = serviceSpec(choice);
  const file = join(service.place.folder, 'job.yaml');
  await writeFile(file, spec);
  return { file, spec };
}

const idIn = (text: string): string => /\b(long-[a-z0-9]{16})\b/.exec(text)![1]!;

describe('a client that follows a job', () => {
  it('before it runs sees all of it, though its coordinator is killed and comes back', async () => {
    const service = await ground.service();
    const view = await service.view();
    const one = await service.coordinator('one', ['--solve-here']);
    const before = await service.submit(one);
    const { file, spec } = await specFile(service, long);
    const following = service.command(one, 'submit', file, '--follow');
    const id = idIn(await following.waitFor('stdout', /long-[a-z0-9]{16}/));
    for (const step of [8, 60, 113]) {
      await view.step(id, step);
      await one.kill();
      one.restart();
    }
    const { code, stdout, stderr } = await following.waitForEnd(90_000);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/completed/);
    const epochs = Array.from(stderr.matchAll(/^epoch (\d+) done/gm), ([, epoch]) => Number(epoch));
    expect(epochs).toEqual(Array.from({ length: 25 }, (_, index) => index + 1));
    await service.expectWhole(before);
    await service.expectWhole({ id, spec });
  });

  it('gets each event of its log once, behind the ones that were taken back', async () => {
    const service = await ground.service();
    const view = await service.view();
    const one = await service.coordinator('one', ['--solve-here']);
    const job = await service.submit(one, long);
    const events: RunEvent[] = [];
    const jobEvents: number[] = [];
    let lost = 0;
    const follow = async (): Promise<void> => {
      const { signal } = new AbortController();
      for await (const item of one.client.follow(job.id, { signal, onLost: () => (lost += 1) })) {
        if (item.kind === 'rewind') events.length = item.last;
        if (item.kind === 'event') events.push(item.event);
        if (item.kind === 'job-event') jobEvents.push(item.event.number);
      }
    };
    const following = follow();
    for (const step of [3, 12, 57]) {
      await view.step(job.id, step);
      await one.kill();
      one.restart();
    }
    await following;
    await service.expectWhole(job);
    const stored = await view.job(job.id);
    expect(lost).toBeGreaterThan(0);
    expect(events).toEqual(stored.events);
    expect(stepsOf(events)).toEqual(Array.from({ length: 250 }, (_, index) => index + 1));
    expect(jobEvents).toEqual(stored.record.history.map(({ number }) => number));
  });

  it('and is interrupted leaves the job alone', async () => {
    const service = await ground.service();
    const view = await service.view();
    const one = await service.coordinator('one', ['--solve-here']);
    const { file, spec } = await specFile(service, long);
    const following = service.command(one, 'submit', file, '--follow');
    const id = idIn(await following.waitFor('stdout', /long-[a-z0-9]{16}/));
    await view.step(id, 6);
    following.signal('SIGINT');
    const { code, stderr } = await following.waitForEnd();
    expect(code).toBe(130);
    expect(stderr).toContain(`locoprop status ${id} --follow`);
    await service.expectWhole({ id, spec });
    expect((await view.record(id)).fence).toBe(1);
  });
});
