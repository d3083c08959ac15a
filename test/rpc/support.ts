import type { Matrix } from '#core/matrix.js';
import type { Channel, Receiver } from '#services/rpc/channel.js';
import {
  type CoordinatorMessage,
  type Hello,
  PROTOCOL,
  type TensorHeader,
  type WorkerMessage,
} from '#services/rpc/messages.js';
import { dial } from '#services/rpc/worker-client.js';
import { type Attach, listen, type ListenOptions, type WorkerServer } from '#services/rpc/worker-server.js';
import { plainText, type TransportSecurity } from '#services/security/transport-security.js';
import { onTestFinished } from 'vitest';
import { newSeed, numbers } from '../store/support.js';

export type Floats = Matrix<Float32Array>;

export { newSeed, numbers };

export function floats(seed: number, rows: number, columns: number): Floats {
  const random = numbers(seed);
  return { rows, columns, data: Float32Array.from({ length: rows * columns }, () => random() - 0.5) };
}

export const sameBits = (a: Float32Array, b: Float32Array): boolean =>
  Buffer.compare(
    Buffer.from(a.buffer, a.byteOffset, a.byteLength),
    Buffer.from(b.buffer, b.byteOffset, b.byteLength),
  ) === 0;

export const helloOf = (name: string, protocol = PROTOCOL): { message: 'hello'; hello: Hello } => ({
  message: 'hello',
  hello: {
    protocol,
    name,
    version: '1.0.0',
    host: 'here',
    pid: 1,
    engine: 'reference',
    engineDescription: '',
    threads: 1,
    memoryBytes: 2 ** 40,
    gflops: 1.5,
  },
});

export const stateOf = (headers: Record<string, TensorHeader>): WorkerMessage => ({
  message: 'state',
  state: { request: 1, step: 2, updates: 3, weightSlots: headers, biasSlots: {} },
});

export const solveOf = (inputs: TensorHeader): CoordinatorMessage => ({
  message: 'solve',
  solve: {
    request: 2 ** 40,
    part: 1,
    step: 1,
    attempt: 1,
    inputs,
    displacement: null,
    scalars: { values: { examples: 100, eta: 1 / 3 } },
    passes: [],
    updates: 1,
  },
});

/** What came to one end, in order. */
export class Inbox<In> implements Receiver<In> {
  readonly messages: In[] = [];
  readonly matrices: Promise<Floats>[] = [];
  readonly ended: Promise<Error | null>;
  ends = 0;
  /** Headers to take of a message. */
  wanted: (message: In) => readonly TensorHeader[] = () => [];
  #end: (reason: Error | null) => void = () => undefined;
  readonly #waiting: { readonly count: number; readonly resolve: () => void }[] = [];

  constructor() {
    this.ended = new Promise((resolve) => (this.#end = resolve));
  }

  onMessage = (message: In, receive: (header: TensorHeader) => Promise<Floats>): void => {
    this.messages.push(message);
    for (const header of this.wanted(message)) {
      const matrix = receive(header);
      // Tests look at failures when they come to them.
      matrix.catch(() => undefined);
      this.matrices.push(matrix);
    }
    for (const { count, resolve } of this.#waiting) if (this.messages.length >= count) resolve();
  };

  onEnd = (reason: Error | null): void => {
    this.ends += 1;
    this.#end(reason);
  };

  /** Resolves once so many messages have come. */
  async count(count: number): Promise<void> {
    if (this.messages.length >= count) return;
    await new Promise<void>((resolve) => this.#waiting.push({ count, resolve }));
  }
}

export const anySolve = (message: CoordinatorMessage): TensorHeader[] =>
  message.message === 'solve' && message.solve.inputs ? [message.solve.inputs] : [];

export const anyState = (message: WorkerMessage): TensorHeader[] =>
  message.message === 'state' ? Object.values(message.state.weightSlots) : [];

/** Listens until the test ends. */
export async function listening(options: Partial<ListenOptions> = {}): Promise<WorkerServer> {
  const server = await listen({
    address: '127.0.0.1:0',
    security: plainText,
    onWorker: () => undefined,
    onRefused: () => undefined,
    ...options,
  });
  onTestFinished(() => server.close());
  return server;
}

export interface Pair {
  readonly server: WorkerServer;
  readonly worker: Channel<WorkerMessage>;
  readonly coordinator: Channel<CoordinatorMessage>;
  readonly atWorker: Inbox<CoordinatorMessage>;
  readonly atCoordinator: Inbox<WorkerMessage>;
}

/** A worker and a coordinator over a socket. */
export async function connected(security: TransportSecurity = plainText): Promise<Pair> {
  const atWorker = new Inbox<CoordinatorMessage>();
  const atCoordinator = new Inbox<WorkerMessage>();
  let arrived: (attach: Attach) => void = () => undefined;
  const arrival = new Promise<Attach>((resolve) => (arrived = resolve));
  const server = await listening({ security, onWorker: (_, attach) => arrived(attach) });
  const worker = await dial({ address: server.address, security, receiver: atWorker });
  await worker.send(helloOf('w'));
  const coordinator = (await arrival)(atCoordinator);
  onTestFinished(() => {
    worker.close();
    coordinator.close();
  });
  return { server, worker, coordinator, atWorker, atCoordinator };
}

/** What a rejected promise was rejected with. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (cause) {
    return cause;
  }
  throw new Error('it did not fail');
}
