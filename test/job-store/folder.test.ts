import { openJobStore } from '#services/store/open-job-store.js';
import { appendFile, mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { failureOf, temporaryFolder } from '../store/support.js';
import { describeDatasets } from './datasets-contract.js';
import { describeProcesses } from './processes-contract.js';
import { describeRecords } from './records-contract.js';
import { describeRuns } from './runs-contract.js';
import { newRecord, openStore, type Place } from './support.js';

async function newPlace(): Promise<Place> {
  const location = join(await temporaryFolder(), 'data');
  return {
    location,
    put: async (key, content) => {
      await mkdir(dirname(join(location, key)), { recursive: true });
      await writeFile(join(location, key), content);
    },
    keys: async () => {
      const entries = await readdir(location, { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(location.length + 1))
        .toSorted();
    },
  };
}

describe('a store of jobs in a folder', () => {
  describeRecords(newPlace);
  describeRuns(newPlace);
  describeDatasets(newPlace);
  describeProcesses(newPlace, 20);

  it('is taken by one process alone, and what a dead one left unfinished goes', async () => {
    const place = await newPlace();
    const { store } = await openStore(place);
    await store.create(newRecord('a'));
    const left = ['records', 'datasets', 'uploads'].map((folder) => `${folder}/x.0123456789ab.tmp`);
    for (const key of left) await place.put(key, 'x');
    // Of a store that is not locked, others may be at work on them.
    const { store: other } = await openStore(place);
    expect((await other.list()).length).toBe(1);
    expect(await other.datasets()).toEqual([]);
    expect(await place.keys()).toEqual(expect.arrayContaining(left));
    await store.lock('alone');
    expect((await place.keys()).filter((key) => key.endsWith('.tmp'))).toEqual([]);
    expect(await failureOf(other.lock('alone'))).toMatchObject({ code: 'STORE_LOCKED' });
    await store.close();
    await other.lock('alone');
  });

  it('is shared by those who share a queue, and by nobody else', async () => {
    const place = await newPlace();
    const [alone, first, second] = await Promise.all([1, 2, 3].map(() => openStore(place)));
    const refused = { code: 'STORE_LOCKED', details: { pid: process.pid } };
    await first!.store.lock('shared');
    await second!.store.lock('shared');
    expect(await failureOf(alone!.store.lock('alone'))).toMatchObject(refused);
    await first!.store.close();
    await second!.store.close();
    await alone!.store.lock('alone');
    expect(await failureOf(first!.store.lock('shared'))).toMatchObject(refused);
    await alone!.store.close();
  });

  it('clears away at its start what was left unfinished a day ago', async () => {
    const place = await newPlace();
    const names = ['old.0123456789ab.tmp', 'new.0123456789ab.tmp'];
    for (const name of names) await place.put(`uploads/${name}`, 'x');
    const yesterday = new Date(Date.now() - 25 * 3600 * 1000);
    await utimes(join(place.location, 'uploads', names[0]!), yesterday, yesterday);
    await openStore(place);
    expect(await place.keys()).toEqual([`uploads/${names[1]}`]);
  });

  it('gives a follower no line that is not whole, and locks a run in its folder', async () => {
    const place = await newPlace();
    const { store } = await openStore(place);
    const run = store.run('a', 1);
    await run.lock();
    await place.put('jobs/a/1/events.jsonl', '{"sequence":1}\n{"sequ');
    const follower = store.run('a', 1).follow('events.jsonl');
    expect(await follower.next()).toEqual({ from: 0, lines: ['{"sequence":1}'] });
    expect(await follower.next()).toEqual({ from: 1, lines: [] });
    await appendFile(join(place.location, 'jobs/a/1/events.jsonl'), 'ence":2}\n');
    expect(await follower.next()).toEqual({ from: 1, lines: ['{"sequence":2}'] });
    expect(await failureOf(store.run('a', 1).lock())).toMatchObject({ code: 'STORE_LOCKED' });
    await store.forkRun('a', 1, 2);
    expect(await readdir(join(place.location, 'jobs/a/2'))).toEqual(['events.jsonl']);
    await run.close();
  });

  it('tells where it cannot be', async () => {
    const file = join(await temporaryFolder(), 'file');
    await writeFile(file, '');
    const opened = openJobStore(join(file, 'data'), { onProblem: () => undefined });
    expect(await failureOf(opened)).toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});
