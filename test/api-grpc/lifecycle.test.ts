import { LocopropError } from '#core/errors/error.js';
import { Client, credentials, status as Status } from '@grpc/grpc-js';
import { loadFileDescriptorSetFromBuffer, loadSync, type ServiceDefinition } from '@grpc/proto-loader';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { collect, refusalOf, service as definition } from './client.js';
import { check, watchHealth } from './health.js';
import { MemoryService } from '../support/memory-service.js';
import { serving, submit, until } from './support.js';

const SERVICE = 'locoprop.v1.Coordinator';

function reflectionOf(address: string) {
  const main = createRequire(import.meta.url).resolve('@grpc/reflection');
  const loaded = loadSync(join(dirname(main), '../proto/grpc/reflection/v1/reflection.proto'), {
    oneofs: true,
  });
  const service = loaded['grpc.reflection.v1.ServerReflection'] as ServiceDefinition;
  const { path, requestSerialize, responseDeserialize } = service['ServerReflectionInfo']!;
  const client = new Client(address, credentials.createInsecure());
  onTestFinished(() => client.close());
  const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  const ask = (request: object): Promise<unknown> =>
    new Promise((resolve, reject) => {
      stream.once('data', resolve).once('error', reject).write(request);
    });
  return { stream, ask };
}

/** Files as one google.protobuf.FileDescriptorSet: its field 1, again and again. */
const fileSet = (files: readonly Buffer[]): Buffer =>
  Buffer.concat(
    files.flatMap((file) => {
      const length: number[] = [];
      for (let left = file.length; left > 0; left >>>= 7) length.push((left & 127) | (left > 127 ? 128 : 0));
      return [Buffer.from([0x0a, ...length]), file];
    }),
  );

describe('reflection', () => {
  it('lists the service, and gives all that a client needs to call it', async () => {
    const { api } = await serving();
    const { stream, ask } = reflectionOf(api.address);
    expect(await ask({ listServices: '' })).toMatchObject({
      listServicesResponse: { service: expect.arrayContaining([{ name: SERVICE }]) as unknown },
    });
    const { fileDescriptorResponse } = (await ask({ fileContainingSymbol: SERVICE })) as {
      fileDescriptorResponse: { fileDescriptorProto: Buffer[] };
    };
    const found = loadFileDescriptorSetFromBuffer(fileSet(fileDescriptorResponse.fileDescriptorProto), {
      longs: Number,
    });
    expect(Object.keys(found[SERVICE] ?? {}).toSorted()).toEqual(Object.keys(definition).toSorted());
    const { PauseJob } = found[SERVICE] as ServiceDefinition;
    const answer = PauseJob!.responseSerialize({ id: 'a', submittedAt: { seconds: 5 } });
    expect(PauseJob!.responseDeserialize(answer)).toMatchObject({ id: 'a', submittedAt: { seconds: 5 } });
    stream.end();
  });

  it('reads no more requests of who does not read the answers', async () => {
    const { api } = await serving();
    const { stream, ask } = reflectionOf(api.address);
    const request = { host: 'x'.repeat(10_000), fileContainingSymbol: SERVICE };
    // Until it has read once, the client's library takes all that comes.
    await ask(request);
    stream.on('error', () => undefined).pause();
    let taken = 0;
    for (let sent = 0; sent < 1000; sent += 1) stream.write(request, () => (taken += 1));
    let before = -1;
    while (before !== taken) {
      before = taken;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    expect(taken).toBeGreaterThan(0);
    expect(taken).toBeLessThan(500);
    stream.cancel();
  });
});

describe('when it closes', () => {
  it('health says so first', async () => {
    const { api } = await serving();
    expect(await check(api.address, '')).toBe('SERVING');
    expect(await check(api.address, SERVICE)).toBe('SERVING');
    const told: string[] = [];
    const watch = watchHealth(api.address, SERVICE).on('error', () => undefined);
    watch.on('data', ({ status }: { status: string }) => told.push(status));
    await until(() => told.length === 1);
    await api.close();
    expect(told).toEqual(['SERVING', 'NOT_SERVING']);
  });

  it('watches and uploads end as unavailable, within a second', async () => {
    const far = await serving();
    const id = await submit(far);
    const watches = [0, 1, 2].map(() => far.client.open('WatchJob', { id, follow: true }));
    const ends = watches.map((watch) => refusalOf(collect(watch)));
    const { call, answer } = far.client.openUpload();
    ends.push(refusalOf(answer));
    call.write({ header: { name: 'a.csv' } });
    call.write({ data: Buffer.from('1,2') });
    await until(() => far.service.watches.length === 3);
    await far.client.call('ListJobs');
    const started = performance.now();
    await far.api.close();
    expect(performance.now() - started).toBeLessThan(10_000);
    for (const end of ends) {
      expect(await end).toMatchObject({
        ...{ status: Status.UNAVAILABLE, code: 'SERVICE_UNAVAILABLE', retryable: 'true' },
        text: 'SERVICE_UNAVAILABLE: The coordinator cannot do this now: it ends',
      });
    }
    await until(() => far.service.watches.every(({ ended }) => ended));
    expect(far.service.uploads.size).toBe(0);
  });

  it('what is under way may end, but not for ever', async () => {
    let release: () => void = () => undefined;
    const stalled = new Promise<void>((resolve) => (release = resolve));
    class Slow extends MemoryService {
      override async get(id: string): Promise<never> {
        if (id === 'never') await new Promise(() => undefined);
        await stalled;
        throw new LocopropError('JOB_UNKNOWN', { job: id });
      }
    }
    const { api, client } = await serving({}, new Slow());
    const soon = refusalOf(client.call('GetJob', { id: 'soon' }));
    const never = refusalOf(client.call('GetJob', { id: 'never' }));
    await client.call('ListJobs');
    const started = performance.now();
    const closed = api.close();
    release();
    expect(await soon).toMatchObject({ code: 'JOB_UNKNOWN' });
    await closed;
    expect(performance.now() - started).toBeLessThan(10_000);
    expect([Status.UNAVAILABLE, Status.CANCELLED]).toContain((await never).status);
    await api.close();
    expect(await refusalOf(client.call('ListJobs'))).toMatchObject({ status: Status.UNAVAILABLE });
  });

  it('connections that do nothing are no obstacle', async () => {
    const { api } = await serving();
    const [host, port] = api.address.split(':');
    const socket = connect(Number(port), host);
    await new Promise((resolve) => socket.once('connect', resolve));
    const gone = new Promise((resolve) => socket.once('close', resolve).on('error', () => undefined));
    socket.resume();
    await api.close();
    await gone;
  });
});

it('an address that is taken, or none, is refused', async () => {
  const { api } = await serving();
  await expect(serving({ address: api.address })).rejects.toMatchObject({ code: 'CLUSTER_LISTEN_FAILED' });
  await expect(serving({ address: 'here' })).rejects.toMatchObject({ code: 'CLUSTER_ADDRESS_INVALID' });
});
