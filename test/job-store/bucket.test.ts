import { LocopropError } from '#core/errors/error.js';
import { S3Objects } from '#services/store/objects/s3-objects.js';
import { openJobStore } from '#services/store/open-job-store.js';
import * as sdk from '@aws-sdk/client-s3';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { failureOf, newSeed, numbers, temporaryFolder } from '../store/support.js';
import { BUCKET } from '../support/s3-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { withServer } from './bucket-server.js';
import { describeDatasets } from './datasets-contract.js';
import { describeProcesses } from './processes-contract.js';
import { describeRecords } from './records-contract.js';
import { describeRuns } from './runs-contract.js';
import { chunksOf, newRecord, openStore } from './support.js';

const UNUSED_PORT = 'http://127.0.0.1:9';

describe('a store of jobs in a bucket', () => {
  const { newPlace, port } = withServer();
  describeRecords(newPlace);
  describeRuns(newPlace);
  describeDatasets(newPlace);
  describeProcesses(newPlace, 8);

  it('has more records than a page of a listing', async () => {
    const place = await newPlace();
    const { store } = await openStore(place);
    const names = Array.from({ length: 1100 }, (_, i) => `job-${i}`);
    const moved = (id: string): string =>
      JSON.stringify({ write: 'w', lineage: [], record: newRecord(id), removedAt: null });
    for (let i = 0; i < names.length; i += 50) {
      await Promise.all(
        names.slice(i, i + 50).map((id) => place.put(`records/${id}.00000001.json`, moved(id))),
      );
    }
    expect(new Set((await store.list()).map(({ record }) => record.id))).toEqual(new Set(names));
  });

  it('keeps copies of data sets, compared when they come, in the folder that it is given', async () => {
    const place = await newPlace();
    const cacheFolder = await temporaryFolder();
    const { store } = await openStore(place, { cacheFolder });
    const { id } = await store.addDataset(chunksOf('1,2'), { name: 'a.csv', limit: 10, digest: null });
    const path = join(cacheFolder, 'datasets', id, 'a.csv');
    expect(await store.datasetFile(id)).toBe(path);
    // Not fetched again; but one that is cut off is.
    await place.put(`datasets/${id}/a.csv`, '9,9');
    expect(await store.datasetFile(id)).toBe(path);
    expect(await readFile(path, 'utf8')).toBe('1,2');
    await writeFile(path, '1');
    expect(await failureOf(store.datasetFile(id))).toMatchObject({
      code: 'STORE_READ_FAILED',
      message: expect.stringContaining('its SHA-256 is') as string,
    });
    expect(await readdir(join(cacheFolder, 'datasets', id))).toEqual(['a.csv']);
    expect(await readdir(join(cacheFolder, 'uploads'))).toEqual([]);
  });

  it('copies a large object in parts, as it was, and leaves no parts behind where that fails', async () => {
    const client = new sdk.S3Client({ forcePathStyle: true });
    const staging = await temporaryFolder();
    const copyBytes = 5 * 2 ** 20;
    const place = { bucket: BUCKET, prefix: 'copies ä+%/', staging, isTemporary: false, copyBytes };
    const objects = new S3Objects(sdk, client, place);
    onTestFinished(() => objects.close());
    const sent: string[] = [];
    client.middlewareStack.add(
      (next, { commandName = '' }) =>
        (args) => {
          sent.push(commandName.replace('Command', ''));
          return next(args);
        },
      { step: 'initialize' },
    );
    const random = numbers(newSeed());
    for (const bytes of [0, copyBytes, copyBytes + 1, 3 * copyBytes - 7]) {
      const content = Buffer.alloc(bytes).map(() => 256 * random());
      await objects.write('from', [content]);
      sent.length = 0;
      expect(await objects.copy('from', 'to')).toBe(true);
      const parts = Math.ceil(bytes / copyBytes);
      expect(sent.filter((name) => name === 'UploadPartCopy')).toHaveLength(parts > 1 ? parts : 0);
      expect(Buffer.compare((await objects.read('to'))!, content)).toBe(0);
    }
    expect(await objects.copy('missing', 'to')).toBe(false);

    // It goes between two parts.
    client.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          const answer = await next(args);
          if (commandName === 'UploadPartCopyCommand') await objects.remove('from');
          return answer;
        },
      { step: 'initialize' },
    );
    expect(await objects.copy('from', 'other')).toBe(false);
    expect(sent.at(-1)).toBe('AbortMultipartUpload');
    expect(await objects.read('other')).toBeNull();
    const { Uploads = [] } = await client.send(new sdk.ListMultipartUploadsCommand({ Bucket: BUCKET }));
    expect(Uploads).toEqual([]);
  });

  it('tells of a server that does not answer, and of a bucket that is not there', async () => {
    const place = await newPlace();
    const { store: away } = await openStore(place, { endpoint: UNUSED_PORT });
    const { store: missing } = await openStore({ ...place, location: 's3://no-such-bucket/x' });
    for (const store of [away, missing]) {
      for (const task of [
        () => store.check(),
        () => store.read('a'),
        () => store.list(),
        () => store.create(newRecord('a')),
        () => store.run('a', 1).write('x', [Buffer.from('x')]),
      ]) {
        expect(await failureOf(task())).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
      }
    }
    const { store } = await openStore(place);
    await store.check();
    await store.lock('shared');
  });

  it('keeps the lines that could not be written, tells of it, and writes them later', async () => {
    const place = await newPlace();
    const proxy = await new TcpProxy(port()).listen();
    onTestFinished(() => proxy.close());
    const { store } = await openStore(place, { endpoint: `http://127.0.0.1:${proxy.port}` });
    const { store: other } = await openStore(place);
    const run = store.run('a', 1);
    const log = await run.lines('events.jsonl');
    await log.append('1');
    await log.sync();
    proxy.cut();
    await log.append('2');
    expect(await failureOf(log.sync())).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    // Written by the clock, nobody is told of the failure but who appends next; that line is not in the file.
    await log.append('3');
    let refused: unknown = null;
    for (let i = 4; refused === null; i += 1) {
      await setTimeout(100);
      refused = await log.append(String(i)).then(
        () => null,
        (cause: unknown) => cause,
      );
    }
    expect(refused).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    const { count } = log;
    proxy.heal();
    await log.append('last');
    await run.close();
    const lines = [];
    for await (const line of other.run('a', 1).readLines('events.jsonl')) lines.push(line);
    expect(lines).toEqual([...Array.from({ length: count }, (_, i) => String(i + 1)), 'last']);
  });

  it('never takes its own record for that of another when answers are lost', async () => {
    const place = await newPlace();
    const proxy = await new TcpProxy(port()).listen();
    onTestFinished(() => proxy.close());
    const { store } = await openStore(place, { endpoint: `http://127.0.0.1:${proxy.port}` });
    expect(await store.create(newRecord('a'))).toBe(true);
    const random = numbers(newSeed());
    const beganMs = performance.now();
    for (let i = 0; i < 5; i += 1) await store.read('a');
    // Time for what is tried between two cuts, on this machine.
    const gapMs = Math.max(150, 1.6 * (performance.now() - beganMs));
    let isOver = false;
    const cutting = (async () => {
      while (!isOver) {
        await setTimeout(random() * gapMs);
        proxy.cut();
        proxy.heal();
      }
    })();
    try {
      const outcomes = [];
      for (let i = 0; i < 60; i += 1) {
        try {
          const { record, version } = (await store.read('a'))!;
          expect(record.ticket, 'nothing was lost, and nothing was written twice').toBe(version);
          const replaced = await store.replace({ ...record, ticket: record.ticket + 1 }, version);
          outcomes.push(replaced?.version === version + 1);
        } catch (cause) {
          if (!(cause instanceof LocopropError && cause.code === 'STORE_UNAVAILABLE')) throw cause;
        }
      }
      expect(outcomes.length).toBeGreaterThan(10);
      expect(outcomes.every(Boolean)).toBe(true);
    } finally {
      isOver = true;
      await cutting;
    }
  });

  it.each(['s3://', 's3://a', 's3://Bucket/x', 's3://../x', 'http://bucket/x'])(
    'is not at %s',
    async (location) => {
      const opened = openJobStore(location, { onProblem: () => undefined });
      expect(await failureOf(opened)).toMatchObject({ code: 'SETTING_INVALID', exitCode: 2 });
    },
  );
});
