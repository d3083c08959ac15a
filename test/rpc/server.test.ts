import { attachMethod, workerCodec } from '#services/rpc/definition.js';
import { listenForHealth } from '#services/rpc/health-server.js';
import { parseAddress } from '#services/network/address.js';
import { resolveAddresses } from '#services/rpc/addresses.js';
import type { CoordinatorMessage, WorkerMessage } from '#services/rpc/messages.js';
import { dial } from '#services/rpc/worker-client.js';
import { plainText } from '#services/security/transport-security.js';
import { Client, compressionAlgorithms, credentials, type ServiceError } from '@grpc/grpc-js';
import { service as healthService } from 'grpc-health-check';
import { createConnection } from 'node:net';
import { crc32 } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connected, failureOf, floats, helloOf, Inbox, listening, stateOf } from './support.js';

/** A worker that sends whatever bytes it likes. */
function rawWorker(address: string, options: object = {}) {
  const client = new Client(address, credentials.createInsecure(), {
    'grpc.max_send_message_length': -1,
    ...options,
  });
  onTestFinished(() => client.close());
  const asIs = (bytes: Buffer): Buffer => bytes;
  const stream = client.makeBidiStreamRequest(attachMethod.path, asIs, asIs);
  stream.resume();
  const failure = new Promise<ServiceError>((resolve) =>
    stream.on('error', (e) => resolve(e as ServiceError)),
  );
  return { stream, failure };
}

async function check(address: string): Promise<string> {
  const client = new Client(address, credentials.createInsecure());
  onTestFinished(() => client.close());
  const { path, requestSerialize, responseDeserialize } = healthService['Check']!;
  return new Promise((resolve, reject) =>
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, { service: '' }, (error, answer) =>
      error ? reject(error) : resolve((answer as { status: string }).status),
    ),
  );
}

const hello = workerCodec.encode(helloOf('raw'));

/** A message `state` with one matrix, and then chunks. */
const state = (rows: number, columns: number): Buffer =>
  workerCodec.encode(stateOf({ a: { id: 5, rows, columns, type: 'ELEMENT_TYPE_F32' } }));

const chunkOf = (id: number, offset: number, data: Buffer, sum = crc32(data)): Buffer =>
  attachMethod.requestSerialize(
    workerCodec.encode({ message: 'chunk', chunk: { id, offset, crc32: sum, data } } as never),
  );

describe('a coordinator', () => {
  it('refuses a wrong or missing token before all else', async () => {
    const refusals: string[] = [];
    const server = await listening({
      security: { tls: null, token: 'right' },
      onRefused: (_, { code }) => refusals.push(code),
    });
    for (const token of ['wrong', '', 'right ', null]) {
      const security = { tls: null, token };
      const receiver = new Inbox<CoordinatorMessage>();
      const failure = await failureOf(dial({ address: server.address, security, receiver }));
      if (token === 'right ') continue;
      expect(failure).toMatchObject({ code: 'CLUSTER_TOKEN_REFUSED' });
    }
    expect(new Set(refusals)).toEqual(new Set(['CLUSTER_TOKEN_REFUSED']));
  });

  it('refuses another revision of the protocol, and names both', async () => {
    const server = await listening();
    const receiver = new Inbox<CoordinatorMessage>();
    const channel = await dial({ address: server.address, security: plainText, receiver });
    await channel.send(helloOf('new', 7));
    expect(await receiver.ended).toMatchObject({
      code: 'CLUSTER_PROTOCOL_MISMATCH',
      message: 'The worker speaks revision 7 of locoprop.v1, the coordinator revision 1.',
    });
  });

  it('refuses a first message that is no hello', async () => {
    const server = await listening();
    const worker = rawWorker(server.address);
    worker.stream.write(Buffer.from([0xff, 0xff, 0xff]));
    expect((await worker.failure).details).toMatch(/^CLUSTER_PEER_INVALID: /);
  });

  it('that is not there cannot be reached', async () => {
    const server = await listening();
    await server.close();
    const receiver = new Inbox<CoordinatorMessage>();
    const failure = await failureOf(dial({ address: server.address, security: plainText, receiver }));
    expect(failure).toMatchObject({ code: 'CLUSTER_UNREACHABLE' });
  });

  it.each<[string, string, readonly Buffer[]]>([
    ['a matrix without entries', 'CLUSTER_PEER_INVALID', [state(0, 5)]],
    ['a huge matrix', 'CLUSTER_PEER_INVALID', [state(2 ** 32 - 1, 2 ** 32 - 1)]],
    ['a chunk of no matrix', 'CLUSTER_PEER_INVALID', [chunkOf(9, 0, Buffer.alloc(4))]],
    ['a changed chunk', 'CLUSTER_TENSOR_CORRUPT', [state(2, 2), chunkOf(5, 0, Buffer.alloc(16), 1)]],
    ['a chunk out of order', 'CLUSTER_TENSOR_CORRUPT', [state(2, 2), chunkOf(5, 4, Buffer.alloc(4))]],
    ['too long a chunk', 'CLUSTER_TENSOR_CORRUPT', [state(2, 2), chunkOf(5, 0, Buffer.alloc(20))]],
    ['bytes that are no message', 'CLUSTER_PEER_INVALID', [Buffer.from([0x3a, 0xff, 0xff])]],
    ['an empty message', 'CLUSTER_PEER_INVALID', [Buffer.alloc(0)]],
  ])('ends the stream of a worker that sends %s', async (_, code, messages) => {
    const inbox = new Inbox<WorkerMessage>();
    const server = await listening({ onWorker: (_hello, attach) => void attach(inbox) });
    const worker = rawWorker(server.address);
    worker.stream.write(hello);
    for (const message of messages) worker.stream.write(message);
    expect((await worker.failure).details).toContain(`${code}: `);
    expect(await inbox.ended).toMatchObject({ code });
    expect(inbox.ends).toBe(1);
  });

  it('goes on with a worker while others send garbage, too much, and bombs', async () => {
    const pair = await connected();
    const { address } = pair.server;
    const { host, port } = parseAddress(address);
    for (const garbage of [
      'GET / HTTP/1.1\r\n\r\n',
      '\0'.repeat(100_000),
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nxxxxxxxxx',
    ]) {
      const socket = createConnection(port, host);
      socket.on('error', () => undefined);
      socket.end(garbage);
    }
    const large = rawWorker(address);
    large.stream.write(Buffer.alloc(9 << 20));
    expect((await large.failure).code).not.toBe(0);

    const before = process.memoryUsage().rss;
    const bomb = rawWorker(address, { 'grpc.default_compression_algorithm': compressionAlgorithms.gzip });
    bomb.stream.write(Buffer.alloc(200 << 20));
    expect((await bomb.failure).details).toMatch(/decompresses to a size larger/);
    // The 200 MiB are the sender's own.
    expect(process.memoryUsage().rss - before).toBeLessThan(500 << 20);

    await pair.worker.send({ message: 'ready', ready: { bandwidth: 1 } });
    await pair.atCoordinator.count(1);
    expect(pair.atCoordinator.ends).toBe(0);
  });

  it('takes no more of what it does not read than a stream holds, however much there is', async () => {
    const inbox = new Inbox<WorkerMessage>();
    let come!: (attachLater: () => void) => void;
    const arrived = new Promise<() => void>((resolve) => (come = resolve));
    const server = await listening({ onWorker: (_, attach) => come(() => void attach(inbox)) });
    const receiver = new Inbox<CoordinatorMessage>();
    const worker = await dial({ address: server.address, security: plainText, receiver });
    await worker.send(helloOf('fast'));
    const tensor = worker.outgoing(floats(1, 4096, 4096), 'ELEMENT_TYPE_F32');
    const sent = worker.send(stateOf({ a: tensor.header }), [tensor]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    // A stream of Node.js holds 16 messages that nobody reads, here of 1 MiB each; the rest stays where it is.
    expect(worker.bytesSent).toBeLessThanOrEqual(20 << 20);
    (await arrived)();
    await sent;
    expect(worker.bytesSent).toBe(2 ** 26);
    worker.close();
    expect(await inbox.ended).toBeNull();
  });

  it('says that it serves, and so does a worker', async () => {
    const server = await listening();
    expect(await check(server.address)).toBe('SERVING');
    const health = await listenForHealth({ address: '127.0.0.1:0' });
    onTestFinished(() => health.close());
    expect(await check(health.address)).toBe('NOT_SERVING');
    health.setServing(true);
    expect(await check(health.address)).toBe('SERVING');
    const failure = await failureOf(listenForHealth({ address: health.address }));
    expect(failure).toMatchObject({ code: 'CLUSTER_LISTEN_FAILED' });
  });
});

describe('addresses', () => {
  it('are resolved', async () => {
    expect(await resolveAddresses(['127.0.0.1:1', '[::1]:2', '127.0.0.1:1'])).toEqual([
      { address: '127.0.0.1:1', serverName: '127.0.0.1' },
      { address: '[::1]:2', serverName: '::1' },
    ]);
    const [first] = await resolveAddresses(['localhost:80']);
    expect(first?.serverName).toBe('localhost');
  });

  it.each(['a', 'a:0'])('"%s" is none that a worker can dial', async (address) => {
    expect(await failureOf(resolveAddresses([address]))).toMatchObject({ code: 'CLUSTER_ADDRESS_INVALID' });
  });
});
