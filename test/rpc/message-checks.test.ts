import { Outbox } from '#services/rpc/outbox.js';
import { ChunkBuffer } from '#services/rpc/outgoing-chunks.js';
import type { CoordinatorMessage, Hello, WorkerMessage } from '#services/rpc/messages.js';
import { dial } from '#services/rpc/worker-client.js';
import { plainText } from '#services/security/transport-security.js';
import { expect, it, onTestFinished } from 'vitest';
import { connected, helloOf, Inbox, listening } from './support.js';

const MIB = 1 << 20;

/** What a coordinator takes from a worker's hello, or why it refuses it. */
async function answerTo(changes: Partial<Hello>): Promise<Hello | Error | null> {
  let welcomed: (hello: Hello) => void = () => undefined;
  const welcome = new Promise<Hello>((resolve) => (welcomed = resolve));
  const server = await listening({ onWorker: welcomed });
  const receiver = new Inbox<CoordinatorMessage>();
  const worker = await dial({ address: server.address, security: plainText, receiver });
  onTestFinished(() => worker.close());
  await worker.send({ message: 'hello', hello: { ...helloOf('w').hello, ...changes } });
  return Promise.race([welcome, receiver.ended]);
}

/** The first thing that comes of a message: the message, or the error with which the channel ends. */
async function comesOf(message: WorkerMessage): Promise<WorkerMessage | Error | null> {
  const { worker, atCoordinator } = await connected();
  // Of one that is refused, nothing more is sent.
  void worker.send(message).catch(() => undefined);
  return Promise.race([atCoordinator.count(1).then(() => atCoordinator.messages[0]!), atCoordinator.ended]);
}

const NO_SPEEDS = [0, -1, NaN, Infinity, 1e-300, 1e300];

it.each<[string, Partial<Hello>]>([
  ...NO_SPEEDS.map((gflops): [string, Partial<Hello>] => [`a speed of ${gflops}`, { gflops }]),
  ['no memory', { memoryBytes: 0 }],
])('a hello with %s is refused', async (_, changes) => {
  expect(await answerTo(changes)).toMatchObject({ code: 'CLUSTER_PEER_INVALID' });
});

it.each(NO_SPEEDS)('a bandwidth of %d ends the stream', async (bandwidth) => {
  expect(await comesOf({ message: 'ready', ready: { bandwidth } })).toMatchObject({
    code: 'CLUSTER_PEER_INVALID',
    message: expect.stringContaining(`its bandwidth is ${bandwidth}`) as string,
  });
});

it.each([-1, NaN, Infinity, 1e300])('a solve of %d seconds ends the stream', async (seconds) => {
  const solved = { request: 1, weights: null, bias: null, displacementEnergy: 0, finite: true };
  expect(await comesOf({ message: 'solved', solved: { ...solved, seconds, repeated: false } })).toMatchObject(
    {
      code: 'CLUSTER_PEER_INVALID',
    },
  );
});

it('the texts of a hello are short lines', async () => {
  const long = 'n\n\u001b[2J'.repeat(1000);
  const hello = await answerTo({ name: long, host: long, version: long, engine: long });
  for (const name of ['name', 'host', 'version', 'engine'] as const) {
    expect((hello as Hello)[name]).toMatch(/^[\x20-\x7e]{99}…$/);
  }
  expect(await answerTo({ name: '\n' })).toMatchObject({ name: 'worker' });
});

it('why a request was refused is a short line', async () => {
  const reason = 'no\r\n'.repeat(1000);
  const refused = { request: 1, code: 'REFUSAL_CODE_INVALID', reason } as const;
  const message = await comesOf({ message: 'refused', refused });
  expect(message).toMatchObject({ refused: { reason: expect.stringMatching(/^[no ]{499}…$/) as string } });
});

it('an echo is at most as large as measuring a link takes', async () => {
  const echoOf = (bytes: number): WorkerMessage => ({
    message: 'echo',
    echo: { payload: new Uint8Array(bytes) },
  });
  expect(await comesOf(echoOf(MIB))).toMatchObject({ message: 'echo' });
  expect(await comesOf(echoOf(MIB + 1))).toMatchObject({ code: 'CLUSTER_PEER_INVALID' });
});

it('messages of 64 MiB wait for a peer that takes none, and no more', () => {
  const outbox = new Outbox();
  const buffer = new ChunkBuffer();
  for (let count = 0; count < 64; count++) {
    expect(outbox.full).toBe(false);
    if (count % 2 === 0) void outbox.add(Buffer.alloc(MIB), []);
    else outbox.addUrgent(Buffer.alloc(MIB));
  }
  expect(outbox.full).toBe(true);
  outbox.next(buffer)!.onSent();
  expect(outbox.full).toBe(false);
  for (let count = 1; count < 64; count++) outbox.next(buffer)!.onSent();
  expect(outbox.empty).toBe(true);
  for (let count = 0; count < 64; count++) outbox.addUrgent(Buffer.alloc(MIB));
  expect(outbox.full).toBe(true);
});
