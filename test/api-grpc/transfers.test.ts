import { LocopropError } from '#core/errors/error.js';
import type { StoredDataset } from '#services/store/job-store.js';
import { status as Status } from '@grpc/grpc-js';
import { createHash, randomBytes } from 'node:crypto';
import { connect } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { framed, type Message, refusalOf, service as definition } from './client.js';
import { MemoryService } from '../support/memory-service.js';
import { serving, submit, until } from './support.js';

const sha256 = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');
const MIB = 2 ** 20;

/** The messages of an upload, in pieces of a size. */
function* partsOf(data: Buffer, piece = MIB, header: object = {}): Generator<object> {
  yield { header: { name: 'a.csv', ...header } };
  for (let at = 0; at < data.length; at += piece) yield { data: data.subarray(at, at + piece) };
}

describe('a data set', () => {
  it('is uploaded, listed, looked at and deleted', async () => {
    const { client, service } = await serving();
    const data = randomBytes(3 * MIB + 17);
    const id = sha256(data);
    const answer = await client.upload(partsOf(data, MIB, { sha256: id.toUpperCase() }));
    expect(answer).toMatchObject({
      id,
      name: 'a.csv',
      bytes: data.length,
      uploadedAt: { nanos: expect.any(Number) as number },
    });
    expect([...service.uploads.keys()]).toEqual([id]);
    expect(await client.call('ListDatasets')).toEqual({ datasets: [answer] });
    expect(await client.call('GetDataset', { id })).toEqual(answer);
    expect(await client.call('DeleteDataset', { id })).toEqual({});
    expect(await client.call('ListDatasets')).toEqual({ datasets: [] });
  });

  it('may be empty, and may come in pieces of any size', async () => {
    const { client, service } = await serving();
    expect(await client.upload(partsOf(Buffer.alloc(0)))).toMatchObject({ bytes: 0 });
    const data = randomBytes(5000);
    expect(await client.upload(partsOf(data, 7))).toMatchObject({ id: sha256(data) });
    expect([...service.uploads.values()].map(({ bytes }) => bytes)).toEqual([0, 5000]);
  });

  const header = { header: { name: 'a.csv' } };
  const data = { data: Buffer.from('1,2,3') };
  const named = (name: string) => [{ header: { name } }, data];
  const refusals: [what: string, parts: object[], status: Status, code: string][] = [
    ['no message', [], Status.INVALID_ARGUMENT, 'REQUEST_INVALID'],
    ['no header', [data, data], Status.INVALID_ARGUMENT, 'REQUEST_INVALID'],
    ['an empty message', [{}], Status.INVALID_ARGUMENT, 'REQUEST_INVALID'],
    ['two headers', [header, data, header, data], Status.INVALID_ARGUMENT, 'REQUEST_INVALID'],
    ['an empty message between', [header, data, {}], Status.INVALID_ARGUMENT, 'REQUEST_INVALID'],
    [
      'bytes that are no message',
      [header, Buffer.from([0x0a, 0xff])],
      Status.INVALID_ARGUMENT,
      'REQUEST_INVALID',
    ],
    ['no name', named(''), Status.INVALID_ARGUMENT, 'REQUEST_INVALID'],
    ['a path for a name', named('../a.csv'), Status.INVALID_ARGUMENT, 'REQUEST_INVALID'],
    ['a path of Windows', named('..\\a.csv'), Status.INVALID_ARGUMENT, 'REQUEST_INVALID'],
    ['a long name', named('a'.repeat(256)), Status.INVALID_ARGUMENT, 'REQUEST_INVALID'],
    [
      'a digest that is none',
      [{ header: { name: 'a', sha256: 'abc' } }],
      Status.INVALID_ARGUMENT,
      'REQUEST_INVALID',
    ],
    [
      'another digest',
      [{ header: { name: 'a', sha256: sha256(Buffer.of(1)) } }, data],
      Status.DATA_LOSS,
      'DATASET_DIGEST_MISMATCH',
    ],
    [
      'a piece too large',
      [header, { data: Buffer.alloc(MIB + 1) }],
      Status.RESOURCE_EXHAUSTED,
      'REQUEST_TOO_LARGE',
    ],
  ];

  it.each(refusals)('with %s is refused', async (_, parts, status, code) => {
    const { client, service } = await serving();
    expect(await refusalOf(client.upload(parts))).toMatchObject({ status, code });
    expect(service.uploads.size).toBe(0);
  });

  it('that is too large is refused as soon as it is, not when all of it was sent', async () => {
    const { client, service } = await serving();
    service.uploadLimit = 2 * MIB;
    let sent = 0;
    const endless = async function* () {
      yield { header: { name: 'a.csv' } };
      for (; sent < 4000; sent += 1) {
        await new Promise(setImmediate);
        yield { data: Buffer.alloc(MIB) };
      }
    };
    const refusal = await refusalOf(client.upload(endless()));
    expect(refusal).toMatchObject({ status: Status.RESOURCE_EXHAUSTED, code: 'DATASET_TOO_LARGE' });
    expect(sent).toBeLessThan(400);
  });

  describe('whose client leaves is not kept', () => {
    /** Knows of an upload that it has begun, and that it failed. */
    class Watching extends MemoryService {
      begun = false;
      failure: unknown = null;
      override async upload(...given: Parameters<MemoryService['upload']>): Promise<StoredDataset> {
        this.begun = true;
        try {
          return await super.upload(...given);
        } catch (error) {
          this.failure = error;
          throw error;
        }
      }
    }
    const whole = randomBytes(10_000);

    it('where it cancels the upload', async () => {
      const service = new Watching();
      const { client, log } = await serving({}, service);
      const { call, answer } = client.openUpload();
      const refusal = refusalOf(answer);
      for (const part of partsOf(whole.subarray(0, 9000), 1000, { sha256: sha256(whole) })) {
        await new Promise((done) => call.write(part, done));
      }
      await until(() => service.begun);
      call.cancel();
      expect((await refusal).status).toBe(Status.CANCELLED);
      await until(() => service.failure !== null);
      expect(service.uploads.size).toBe(0);
      expect(log.filter(({ level }) => level === 'error')).toEqual([]);
    });

    it('where its connection breaks', async () => {
      const service = new Watching();
      const { api, log } = await serving({}, service);
      const { hostname, port } = new URL(`http://${api.address}`);
      const socket = connectSocket(Number(port), hostname);
      const session = connect(`http://${api.address}`, { createConnection: () => socket });
      session.on('error', () => undefined);
      const call = session.request({
        ...{ ':method': 'POST', ':path': '/locoprop.v1.Coordinator/UploadDataset', te: 'trailers' },
        ...{ 'content-type': 'application/grpc', authorization: 'Bearer writer' },
      });
      call.on('error', () => undefined);
      const { requestSerialize } = definition['UploadDataset']!;
      for (const part of partsOf(whole, 1000)) call.write(framed(requestSerialize(part)));
      await until(() => service.begun);
      socket.destroy();
      await until(() => service.failure !== null);
      expect(service.uploads.size).toBe(0);
      expect(log).toEqual([]);
    });
  });

  it('that stops to arrive is given up', async () => {
    const { client, service } = await serving({ limits: { arrivalSeconds: 0.2 } });
    let release: () => void = () => undefined;
    const stalled = new Promise<void>((resolve) => (release = resolve));
    const parts = async function* () {
      yield { header: { name: 'a.csv' } };
      yield { data: Buffer.from('1,2') };
      await stalled;
    };
    const refusal = await refusalOf(client.upload(parts()));
    release();
    expect(refusal).toMatchObject({ status: Status.DEADLINE_EXCEEDED, code: 'REQUEST_TOO_SLOW' });
    expect(service.uploads.size).toBe(0);
  });

  it('says what was wrong with the upload, whatever the store made of it', async () => {
    class Wrapping extends MemoryService {
      override upload(...given: Parameters<MemoryService['upload']>): Promise<StoredDataset> {
        return super.upload(...given).catch((cause: unknown) => {
          throw new LocopropError('STORE_WRITE_FAILED', { reason: 'the stream broke' }, { cause });
        });
      }
    }
    const { client } = await serving({}, new Wrapping());
    const refusal = await refusalOf(client.upload([header, { data: Buffer.alloc(MIB + 1) }]));
    expect(refusal).toMatchObject({ code: 'REQUEST_TOO_LARGE' });
  });

  it('is one of so many uploads at most, and a slow store holds the client back', async () => {
    let release: () => void = () => undefined;
    const stalled = new Promise<void>((resolve) => (release = resolve));
    class Slow extends MemoryService {
      override async upload(
        ...[content, options]: Parameters<MemoryService['upload']>
      ): Promise<StoredDataset> {
        await stalled;
        return super.upload(content, options);
      }
    }
    const { client } = await serving({ limits: { uploads: 1 } }, new Slow());
    let sent = 0;
    const many = function* () {
      yield { header: { name: 'a.csv' } };
      for (; sent < 60; sent += 1) yield { data: Buffer.alloc(MIB) };
    };
    const upload = client.upload(many());
    let before = -1;
    while (before !== sent) {
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    // The 16 messages of a stream of Node.js at the server, and what is on the way.
    expect(sent).toBeLessThan(30);
    expect(await refusalOf(client.upload([header]))).toMatchObject({
      ...{ status: Status.UNAVAILABLE, code: 'SERVICE_UNAVAILABLE' },
    });
    release();
    expect(await upload).toMatchObject({ bytes: 60 * MIB });
  });
});

describe('a file of a job', () => {
  const contentOf = (messages: readonly Message[]): Buffer =>
    Buffer.concat(messages.slice(1).map(({ data }) => data as Buffer));

  it('is listed and downloaded', async () => {
    const far = await serving();
    const id = await submit(far);
    const content = randomBytes(3 * MIB + 5);
    far.service.files.set('export/model.onnx', content).set('empty', Buffer.alloc(0));
    expect(await far.client.call('ListArtifacts', { id })).toEqual({
      artifacts: [
        { name: 'export/model.onnx', bytes: content.length },
        { name: 'empty', bytes: 0 },
      ],
    });
    const messages = await far.client.all('DownloadArtifact', { id, name: 'export/model.onnx' });
    expect(messages[0]).toMatchObject({ artifact: { name: 'export/model.onnx', bytes: content.length } });
    for (const { data } of messages.slice(1)) expect((data as Buffer).length).toBeLessThanOrEqual(MIB);
    expect(contentOf(messages).equals(content)).toBe(true);
    expect(await far.client.all('DownloadArtifact', { id, name: 'empty' })).toHaveLength(1);
  });

  it('is read as fast as its client reads, and closed when it leaves', async () => {
    const far = await serving();
    const id = await submit(far);
    let read = 0;
    const content = new Readable({
      read() {
        read += 1;
        this.push(read > 10_000 ? null : Buffer.alloc(2 ** 16));
      },
    });
    far.service.files.set('large', Buffer.alloc(0));
    far.service.contentOf = () => content;
    const stream = far.client.open('DownloadArtifact', { id, name: 'large' });
    await new Promise<void>((resolve) =>
      stream
        .on('error', () => undefined)
        .once('data', () => {
          stream.pause();
          resolve();
        }),
    );
    let before = -1;
    while (before !== read) {
      before = read;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    expect(read * 2 ** 16).toBeLessThan(16 * MIB);
    stream.cancel();
    await until(() => content.destroyed);
  });

  it('that cannot be read ends the download with the reason', async () => {
    const far = await serving();
    const id = await submit(far);
    far.service.files.set('bad', Buffer.alloc(0));
    const failing = (error: Error, after: number): Readable => {
      let left = after;
      return new Readable({
        read() {
          if (left-- > 0) this.push(Buffer.alloc(10));
          else this.destroy(error);
        },
      });
    };
    const lost = new LocopropError('STORE_UNAVAILABLE', { location: 's3', reason: 'gone' });
    const contents: [() => Readable, object][] = [
      [() => failing(lost, 3), { status: Status.UNAVAILABLE, code: 'STORE_UNAVAILABLE' }],
      [() => failing(lost, 0), { status: Status.UNAVAILABLE, code: 'STORE_UNAVAILABLE' }],
      [() => new Readable({ read: () => undefined }).destroy(lost), { code: 'STORE_UNAVAILABLE' }],
      [() => failing(new Error('what'), 1), { status: Status.INTERNAL, code: 'SERVICE_FAILED' }],
    ];
    for (const [content, refusal] of contents) {
      far.service.contentOf = content;
      expect(await refusalOf(far.client.all('DownloadArtifact', { id, name: 'bad' }))).toMatchObject(refusal);
    }
  });
});
