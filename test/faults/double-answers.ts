import { startEngine } from '#engine/engines.js';
import type { Channel } from '#services/rpc/channel.js';
import { PROTOCOL, type OutgoingTensor, type WorkerMessage } from '#services/rpc/messages.js';
import { dial } from '#services/rpc/worker-client.js';
import { Parts } from '#worker/parts.js';
import { Programs } from '#worker/programs.js';
import { Session } from '#worker/session.js';
import { setTimeout as sleep } from 'node:timers/promises';

const LATE_MS = 300;

/** What a worker does that says everything twice, and once more when nobody waits for it any more. */
class Doubled implements Channel<WorkerMessage> {
  repeated = 0;

  constructor(private readonly channel: Channel<WorkerMessage>) {}

  get bytesSent(): number {
    return this.channel.bytesSent;
  }

  get bytesReceived(): number {
    return this.channel.bytesReceived;
  }

  outgoing(...args: Parameters<Channel<WorkerMessage>['outgoing']>): OutgoingTensor {
    return this.channel.outgoing(...args);
  }

  async send(message: WorkerMessage, tensors: readonly OutgoingTensor[] = []): Promise<void> {
    await this.channel.send(message, tensors);
    if (message.message !== 'solved') return;
    await this.#again(message, tensors);
    // The stream may have ended by then, which is what it does at the end of a run.
    void sleep(LATE_MS).then(() => this.#again(message, tensors).catch(() => undefined));
  }

  async #again(
    { solved }: Extract<WorkerMessage, { message: 'solved' }>,
    tensors: readonly OutgoingTensor[],
  ): Promise<void> {
    const copies = tensors.map(({ matrix, header }) => this.channel.outgoing(matrix, header.type));
    const [weights, bias] = copies.map(({ header }) => header);
    await this.channel.send(
      { message: 'solved', solved: { ...solved, weights: weights!, bias: bias! } },
      copies,
    );
    this.repeated += 1;
  }

  sendNow(message: WorkerMessage): void {
    this.channel.sendNow(message);
  }

  limitChunks(bytes: number): void {
    this.channel.limitChunks(bytes);
  }

  close(error?: Error): void {
    this.channel.close(error);
  }
}

/** Serves one run with each answer twice and then late; how many were sent again. */
export async function answerTwice(address: string): Promise<number> {
  const engine = await startEngine('onnx', 1);
  const security = { tls: null, token: null };
  let doubled: Doubled | null = null;
  try {
    const session = new Session({
      address,
      hello: {
        protocol: PROTOCOL,
        name: 'twice',
        version: '0',
        host: 'test',
        pid: process.pid,
        engine: 'onnx',
        engineDescription: '',
        threads: 1,
        memoryBytes: 1e9,
        gflops: 15,
      },
      parts: new Parts(engine, { programs: new Programs(), memoryBytes: 1e9 }),
      drainMs: 1000,
      record: () => undefined,
      dial: async (receiver, signal) =>
        (doubled = new Doubled(await dial({ address, security, receiver, signal }))),
    });
    const end = await session.ended;
    if (end.kind !== 'dismissed') throw new Error(`the session was ${end.kind}`, { cause: end });
    return (doubled as Doubled | null)?.repeated ?? 0;
  } finally {
    await engine.close();
  }
}
