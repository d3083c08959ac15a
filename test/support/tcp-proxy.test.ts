import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startProxy, type TcpProxy } from './tcp-proxy.js';

const bytes = (length: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, index) => (index * 7) % 251));

/** A server that sends everything back, and what has come to it. */
const arrived: Buffer[] = [];
const peers = new Set<Socket>();
const server = createServer((socket) => {
  peers.add(socket);
  socket.on('error', () => socket.destroy()).on('close', () => peers.delete(socket));
  socket.on('data', (chunk: Buffer) => arrived.push(chunk));
  socket.pipe(socket);
});

interface Client {
  readonly socket: Socket;
  received(): Buffer;
  /** How the connection ended; null while it has not. */
  ending(): string | null;
}

let proxy: TcpProxy;
beforeEach(async () => {
  arrived.length = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy = await startProxy({ target: (server.address() as AddressInfo).port });
});
afterEach(async () => {
  await proxy.close();
  await proxy.close();
  server.close();
  for (const peer of peers) peer.destroy();
  await once(server, 'close');
});

async function newClient(): Promise<Client> {
  const socket = connect(proxy.port, '127.0.0.1');
  const chunks: Buffer[] = [];
  let ending: string | null = null;
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('end', () => (ending ??= 'end'));
  socket.on('error', (error: NodeJS.ErrnoException) => (ending ??= error.code ?? error.message));
  // A proxy that refuses may be quicker than the news that it was reached.
  await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve));
  return { socket, received: () => Buffer.concat(chunks), ending: () => ending };
}

const receives = (client: Client, expected: Buffer): Promise<void> =>
  vi.waitFor(() => expect(client.received().equals(expected)).toBe(true), 10_000);

const endsWith = (client: Client, ending: string): Promise<void> =>
  vi.waitFor(() => expect(client.ending()).toBe(ending), 10_000);

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

it('passes everything on, and the end', async () => {
  const [one, two] = [await newClient(), await newClient()];
  await vi.waitFor(() => expect(proxy.connections).toBe(2), 10_000);
  const large = Buffer.alloc(5_000_000, bytes(1000));
  one.socket.end(large);
  two.socket.write(bytes(10));
  await receives(one, large);
  await endsWith(one, 'end');
  await receives(two, bytes(10));
  await vi.waitFor(() => expect(proxy.connections).toBe(1), 10_000);
});

it('cuts what is there and what comes, until it is healed', async () => {
  const before = await newClient();
  before.socket.write(bytes(10));
  await receives(before, bytes(10));
  proxy.cut();
  await endsWith(before, 'ECONNRESET');
  await vi.waitFor(() => expect(peers.size).toBe(0), 10_000);
  await endsWith(await newClient(), 'ECONNRESET');
  proxy.heal();
  const after = await newClient();
  after.socket.write(bytes(20));
  await receives(after, bytes(20));
});

it('swallows everything in a black hole, and gives it back', async () => {
  const before = await newClient();
  before.socket.write(bytes(10));
  await receives(before, bytes(10));
  proxy.blackhole();
  proxy.blackhole();
  const during = await newClient();
  before.socket.write(bytes(20));
  during.socket.end(bytes(30));
  for (const peer of peers) peer.resetAndDestroy();
  await pause(300);
  expect([before.ending(), during.ending(), during.received().length]).toEqual([null, null, 0]);
  expect(Buffer.concat(arrived)).toEqual(bytes(10));
  proxy.heal();
  await endsWith(before, 'ECONNRESET');
  await receives(during, bytes(30));
  await endsWith(during, 'end');
});

it('is slow', async () => {
  proxy.slow({ latencyMs: 100 });
  const late = await newClient();
  let begin = performance.now();
  for (let i = 0; i < 50; i++) {
    late.socket.write(bytes(10));
    await pause(5);
  }
  await receives(late, Buffer.concat(Array.from({ length: 50 }, () => bytes(10))));
  // Both ways, but not one after the other for each chunk.
  expect(performance.now() - begin).toBeGreaterThan(200);
  expect(performance.now() - begin).toBeLessThan(8000);

  proxy.slow({ bytesPerSecond: 10_000 });
  const narrow = await newClient();
  begin = performance.now();
  narrow.socket.write(bytes(5000));
  await receives(narrow, bytes(5000));
  expect(performance.now() - begin).toBeGreaterThan(450);
});

describe('a fault after so many bytes', () => {
  it.each([0, 1, 1234])('closes within a chunk, after %i bytes', async (count) => {
    proxy.closeAfter(count, 'toTarget');
    const client = await newClient();
    client.socket.write(bytes(5000));
    await vi.waitFor(() => expect(client.ending()).not.toBeNull(), 10_000);
    await vi.waitFor(() => expect(peers.size).toBe(0), 10_000);
    expect(Buffer.concat(arrived)).toEqual(bytes(5000).subarray(0, count));
  });

  it('closes on the way back, once', async () => {
    proxy.closeAfter(100, 'toClient');
    const client = await newClient();
    client.socket.write(bytes(60));
    await receives(client, bytes(60));
    client.socket.write(bytes(60));
    await vi.waitFor(() => expect(client.ending()).not.toBeNull(), 10_000);
    expect(client.received()).toEqual(Buffer.concat([bytes(60), bytes(40)]));
    const next = await newClient();
    next.socket.write(bytes(500));
    await receives(next, bytes(500));
  });

  it.each(['toTarget', 'toClient'] as const)('flips one bit %s', async (direction) => {
    proxy.corrupt(70, direction);
    const client = await newClient();
    client.socket.write(bytes(60));
    await receives(client, bytes(60));
    client.socket.write(bytes(60));
    const expected = Buffer.concat([bytes(60), bytes(60)]);
    expected[70]! ^= 1;
    await receives(client, expected);
    expect(Buffer.concat(arrived).equals(expected)).toBe(direction === 'toTarget');
  });
});

it('breaks a connection where nothing listens behind it', async () => {
  server.close();
  await endsWith(await newClient(), 'ECONNRESET');
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
