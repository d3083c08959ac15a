import { describe, expect, it, vi } from 'vitest';
import type { FeedItem } from '#core/job/view.js';
import { newSeed, numbers } from '../store/support.js';
import { refuse, type FakeCoordinator } from './fake-coordinator.js';
import { started, stepDone, tellEvent, tellJob } from './jobs.js';
import { clientOf, coordinator, failureOf, until } from './support.js';

const signal = (): AbortSignal => new AbortController().signal;

/** Follows a job to its end. */
async function followed(server: FakeCoordinator, id: string, items: FeedItem[] = []): Promise<FeedItem[]> {
  for await (const item of clientOf(server, { silenceMs: 2000 }).follow(id, { signal: signal() }))
    items.push(item);
  return items;
}

const stepsOf = (items: readonly FeedItem[]): number[] =>
  items.flatMap((item) =>
    item.kind === 'event' && item.event.type === 'step.done' ? [item.event.step] : [],
  );

const statesOf = (items: readonly FeedItem[]): string[] =>
  items.flatMap((item) => (item.kind === 'job' ? [item.job.state] : []));

const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

describe('following a job', () => {
  it('gives every item, in order, until the job has ended', async () => {
    const server = await coordinator();
    const job = server.addJob('job1');
    tellJob(job, { state: 'queued', position: 2 });
    tellJob(job, { state: 'running', position: null });
    tellEvent(job, started(0));
    const items: FeedItem[] = [];
    const end = followed(server, 'job1', items);
    await until(() => items.length === 3);
    tellEvent(job, stepDone(1));
    job.feed.push({ kind: 'rewind', cursor: '5', last: 3 });
    await until(() => items.length === 5);
    tellJob(job, { state: 'completed' });
    await end;
    expect(items.map(({ kind }) => kind)).toEqual(['job', 'job', 'event', 'event', 'rewind', 'job']);
    expect(items).toEqual(job.feed);
    expect(server.count('GET', '/v1/jobs/job1/events')).toBe(1);
  });

  it('goes on behind the last item when the coordinator is killed and starts anew, however long that takes', async () => {
    const server = await coordinator();
    const job = server.addJob('job1');
    tellJob(job, { state: 'running' });
    const items: FeedItem[] = [];
    const end = followed(server, 'job1', items);
    for (let step = 1; step <= 9; step += 1) {
      tellEvent(job, stepDone(step));
      if (step % 3 === 0) {
        await until(() => stepsOf(items).length >= step - 1);
        await server.stop();
        // Happens while nobody can tell.
        tellEvent(job, stepDone((step += 1)));
        await new Promise((resolve) => setTimeout(resolve, 300));
        await server.start();
      }
    }
    tellJob(job, { state: 'completed' });
    await end;
    expect(stepsOf(items)).toEqual(upTo(stepsOf(job.feed).length));
    expect(items).toEqual(job.feed);
    // The state that each connection begins with is told once.
    expect(statesOf(items)).toEqual(['running', 'completed']);
  });

  it('goes on when a coordinator that is asked to end has ended the stream', async () => {
    const server = await coordinator();
    const job = server.addJob('job1');
    tellJob(job, { state: 'running' });
    const items: FeedItem[] = [];
    const end = followed(server, 'job1', items);
    await until(() => items.length === 1);
    server.endStreams();
    await until(() => server.count('GET', '/v1/jobs/job1/events') === 2);
    tellEvent(job, stepDone(1));
    tellJob(job, { state: 'completed' });
    await end;
    expect(items).toEqual(job.feed);
  });

  it('has no gap and no repeat where connections break at random', async () => {
    const random = numbers(newSeed());
    const server = await coordinator();
    const job = server.addJob('job1');
    tellJob(job, { state: 'running' });
    const items: FeedItem[] = [];
    const end = followed(server, 'job1', items);
    // A server that is busy from the first request on is given up in the end.
    await vi.waitFor(() => expect(items.length).toBeGreaterThan(0), 30_000);
    for (let step = 1; step <= 200; step += 1) {
      tellEvent(job, stepDone(step));
      if (random() < 0.05) server.cut();
      if (random() < 0.02) server.endStreams();
      // Each lengthens the wait for the next attempt: many in a row would take minutes.
      if (random() < 0.03 && server.faults.length < 4)
        server.faults.push((_, response) => refuse(response, [503, 'SERVICE_UNAVAILABLE', 'Busy.']));
      if (random() < 0.02) {
        await server.stop();
        await server.start();
      }
      if (random() < 0.3) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    tellJob(job, { state: 'completed' });
    await end;
    expect(stepsOf(items)).toEqual(upTo(200));
  });

  it('goes on where an event arrives in pieces', async () => {
    const server = await coordinator();
    const job = server.addJob('job1');
    tellJob(job, { state: 'completed', name: 'mit Umläuten: äöü' });
    const [item] = job.feed;
    const bytes = Buffer.from(`id: 1\nevent: job\ndata: ${JSON.stringify(item)}\n\n`);
    server.faults.push((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      let at = 0;
      const timer = setInterval(() => {
        response.write(bytes.subarray(at, (at += 7)));
        if (at >= bytes.length) {
          clearInterval(timer);
          response.end();
        }
      }, 1);
      return true;
    });
    expect(await followed(server, 'job1')).toEqual([item]);
  });

  it('takes silence for a broken connection', async () => {
    const server = await coordinator();
    const job = server.addJob('job1');
    tellJob(job, { state: 'running' });
    server.faults.push((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(': and nothing more\n\n');
      return true;
    });
    const lost: string[] = [];
    const client = clientOf(server, { silenceMs: 2000 });
    for await (const item of client.follow('job1', {
      signal: signal(),
      onLost: (reason) => lost.push(reason),
    })) {
      if (item.kind === 'job') break;
    }
    expect(lost).toHaveLength(1);
    expect(server.seen).toHaveLength(2);
  });

  it('passes over what a later version sends besides', async () => {
    const server = await coordinator();
    const job = server.addJob('job1');
    job.feed.push({ kind: 'weather', cursor: '1', sky: 'blue' } as unknown as FeedItem);
    tellJob(job, { state: 'completed' });
    expect((await followed(server, 'job1')).map(({ kind }) => kind)).toEqual(['job']);
  });

  it('is ended by its signal, also between two connections', async () => {
    const server = await coordinator();
    tellJob(server.addJob('job1'), { state: 'running' });
    for (const stopped of [false, true]) {
      const controller = new AbortController();
      const seen: FeedItem[] = [];
      const end = (async () => {
        for await (const item of clientOf(server).follow('job1', { signal: controller.signal }))
          seen.push(item);
      })();
      await until(() => seen.length === 1);
      if (stopped) await server.stop();
      controller.abort();
      expect(await failureOf(end)).toMatchObject({ name: 'AbortError' });
    }
  });

  it('ends with the refusal where the job is unknown, or was deleted meanwhile', async () => {
    const server = await coordinator();
    expect(await failureOf(followed(server, 'job1'))).toMatchObject({ code: 'JOB_UNKNOWN' });
    tellJob(server.addJob('job1'), { state: 'running' });
    const items: FeedItem[] = [];
    const end = failureOf(followed(server, 'job1', items));
    await until(() => items.length === 1);
    server.jobs.clear();
    server.cut();
    expect(await end).toMatchObject({ code: 'JOB_UNKNOWN' });
  });

  it('of what is no stream of events fails', async () => {
    const server = await coordinator();
    server.faults.push((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end('<p>hello');
      return true;
    });
    expect(await failureOf(followed(server, 'job1'))).toMatchObject({ code: 'SERVICE_ANSWER_INVALID' });
  });
});

describe('following the log of a job', () => {
  const line = (number: number): string => JSON.stringify({ time: number, msg: `line ${number}` });

  it('has no gap and no repeat over restarts, and ends with the job', async () => {
    const server = await coordinator();
    const job = server.addJob('job1');
    const lines: string[] = [];
    const end = (async () => {
      const options = { follow: true, level: 'info', signal: signal() } as const;
      for await (const one of clientOf(server).logs('job1', options)) lines.push(one);
    })();
    let last = 0;
    for (let round = 1; round <= 3; round += 1) {
      job.log.push(line((last += 1)), line((last += 1)));
      await until(() => lines.length >= last - 1);
      await server.stop();
      job.log.push(line((last += 1)));
      await server.start();
    }
    server.endStreams();
    await until(() => lines.length === last);
    job.log.push(line((last += 1)));
    job.details = { ...job.details, state: 'completed' };
    await end;
    expect(lines).toEqual(upTo(last).map(line));
  });

  it('without following gives what there is', async () => {
    const server = await coordinator();
    const job = server.addJob('job1');
    job.log.push(line(1), line(1), line(2));
    const lines: string[] = [];
    const options = { follow: false, level: 'debug', signal: signal() } as const;
    for await (const one of clientOf(server).logs('job1', options)) lines.push(one);
    expect(lines).toEqual([line(1), line(1), line(2)]);
    expect(server.seen.at(-1)?.url).toBe('/v1/jobs/job1/logs?follow=false&level=debug');
  });
});
