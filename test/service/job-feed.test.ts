import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { expect, it, vi } from 'vitest';
import { openFeed } from '#coordinator/service/job-feed.js';
import { jobView } from '#coordinator/service/job-views.js';
import { LiveLogs, type FollowedLog } from '#coordinator/service/live-log.js';
import * as moves from '#core/job/moves.js';
import { temporaryFolder } from '../store/support.js';
import { openCoordinator, openStore, recordOf, recordsOf, until } from './support.js';

const SOON_MS = 5000;

/** Counts the logs that are followed. */
class CountedLogs extends LiveLogs {
  followed = 0;

  override open(job: string, fence: number): FollowedLog {
    const log = super.open(job, fence);
    this.followed += 1;
    return {
      ...log,
      close: () => {
        this.followed -= 1;
        log.close();
      },
    };
  }
}

it.each([1, 2, 3, 4])('a feed whose reader has left after %i items holds nothing any more', async (items) => {
  const store = await openStore(await temporaryFolder());
  const { records } = recordsOf(store);
  const logs = new CountedLogs(store);
  await records.create(recordOf('job'));
  await records.change('job', (own, now) => moves.runBegun(moves.taken(own, 'here', now), 0));
  const event = { sequence: 1, time: new Date().toISOString(), type: 'run.alone', step: 0, reason: 'so' };
  await store.run('job', 1).write('events.jsonl', [Buffer.from(`${JSON.stringify(event)}\n`)]);

  let subscribers = 0;
  const subscribe = records.subscribe.bind(records);
  vi.spyOn(records, 'subscribe').mockImplementation((listener) => {
    const end = subscribe(listener);
    subscribers += 1;
    return () => {
      subscribers -= 1;
      end();
    };
  });
  const leaving = new AbortController();
  const feed = await openFeed(
    'job',
    { after: null, follow: true, signal: leaving.signal },
    { records, logs, view: (record) => Promise.resolve(jobView(record, { progress: null, position: null })) },
  );
  const iterator = feed[Symbol.asyncIterator]();
  for (let had = 0; had < items; had += 1) expect((await iterator.next()).done).toBe(false);
  expect(subscribers).toBe(1);
  expect(logs.followed).toBe(items === 1 ? 0 : 1);
  leaving.abort();
  await until(() => subscribers + logs.followed === 0, 'it lets go', SOON_MS);
  expect((await iterator.next()).done).toBe(true);
});

it('a file of a job is closed with its stream, also where nobody has read that', async () => {
  const { service, store, submit, reaches } = await openCoordinator({ solvesHere: true });
  const id = await submit();
  await reaches(id, 'completed');
  const openFile = store.openFile.bind(store);
  let source: Readable | null = null;
  vi.spyOn(store, 'openFile').mockImplementation(async (...file) => (source = await openFile(...file)));
  for (const isRead of [false, true]) {
    const { content } = await service.openArtifact(id, 'events.jsonl');
    if (isRead) await once(content, 'readable');
    content.destroy();
    await until(() => source!.closed, 'it is closed', SOON_MS);
  }
});
