import { LocopropError } from '#core/errors/error.js';
import type { Channel } from '#services/rpc/channel.js';
import type { CoordinatorMessage, Hello, OutgoingTensor, WorkerMessage } from '#services/rpc/messages.js';
import { listen } from '#services/rpc/worker-server.js';
import { plainText, type TransportSecurity } from '#services/security/transport-security.js';
import { onTestFinished } from 'vitest';
import type { Sent } from './support.js';

type Kind = WorkerMessage['message'];
export type MessageOf<K extends Kind> = Extract<WorkerMessage, { readonly message: K }>;

/** A worker's connection as a coordinator of a test has it. */
export class Connection {
  readonly hello: Hello;
  readonly messages: WorkerMessage[] = [];
  /** When each message came, in milliseconds. */
  readonly times: number[] = [];
  /** Whether echoes and heartbeats are answered. */
  answering = true;
  /** How long the first echo is held up. */
  readonly #firstEchoMs: number;
  ended: { readonly reason: Error | null } | null = null;
  readonly #waiting = new Set<() => void>();
  #channel: Channel<CoordinatorMessage> | null = null;

  constructor(hello: Hello, firstEchoMs: number) {
    this.hello = hello;
    this.#firstEchoMs = firstEchoMs;
  }

  open(channel: Channel<CoordinatorMessage>): void {
    this.#channel = channel;
  }

  readonly onMessage = (message: WorkerMessage): void => {
    this.messages.push(message);
    this.times.push(performance.now());
    if (message.message === 'echo' && this.answering) {
      if (this.all('echo').length > 1) this.send(message);
      else setTimeout(() => this.send(message), this.#firstEchoMs);
    }
    if (message.message === 'heartbeat' && this.answering) {
      this.send({ message: 'heartbeat', heartbeat: { number: message.heartbeat.number } });
    }
    this.#changed();
  };

  readonly onEnd = (reason: Error | null): void => {
    this.ended = { reason };
    this.#changed();
  };

  send(message: CoordinatorMessage): void {
    this.#deliver(this.#channel!.send(message));
  }

  /** Sends a message with matrices, whose headers are made anew. */
  sendWith<Fields extends object>(
    { message, matrices }: Sent<Fields>,
    wrap: (fields: Fields) => CoordinatorMessage,
  ): void {
    const tensors: OutgoingTensor[] = [];
    const announced = <Value>(value: Value): Value => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
      const entries = Object.entries(value as Record<string, unknown>);
      if ('id' in value && 'rows' in value) {
        const tensor = this.#channel!.outgoing(matrices.get(value.id as number)!, 'ELEMENT_TYPE_F32');
        tensors.push(tensor);
        return tensor.header as Value;
      }
      return Object.fromEntries(entries.map(([name, inner]) => [name, announced(inner)])) as Value;
    };
    this.#deliver(this.#channel!.send(wrap(announced(message)), tensors));
  }

  close(): void {
    this.#channel!.close();
  }

  /** All messages of a kind that have come. */
  all<K extends Kind>(kind: K): MessageOf<K>[] {
    return this.messages.filter((message): message is MessageOf<K> => message.message === kind);
  }

  /** The message of this kind and number, counted from 1, once it has come. */
  async message<K extends Kind>(kind: K, number = 1): Promise<MessageOf<K>> {
    await this.until(() => this.all(kind).length >= number);
    return this.all(kind)[number - 1]!;
  }

  async end(): Promise<Error | null> {
    await this.until(() => this.ended !== null);
    return this.ended!.reason;
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  /** What a worker that has left does not get is no failure of a test. */
  #deliver(sent: Promise<void>): void {
    sent.catch((error: unknown) => {
      if (!(error instanceof LocopropError) || error.code !== 'CLUSTER_CHANNEL_CLOSED') throw error;
    });
  }

  #changed(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

export interface CoordinatorOptions {
  readonly security?: TransportSecurity;
  readonly leaseMs?: number;
  readonly heartbeatMs?: number;
  readonly firstEchoMs?: number;
}

/** A coordinator that welcomes workers and does as the test says. */
export async function startCoordinator({
  security = plainText,
  leaseMs = 5000,
  heartbeatMs = 50,
  firstEchoMs = 0,
}: CoordinatorOptions = {}): Promise<{ address: string; worker: (number?: number) => Promise<Connection> }> {
  const connections: Connection[] = [];
  const waiting = new Set<() => void>();
  const server = await listen({
    address: '127.0.0.1:0',
    security,
    onWorker: (hello, attach) => {
      const connection = new Connection(hello, firstEchoMs);
      connection.open(attach(connection));
      const welcome = { name: `member-${connections.length + 1}`, job: 'test', leaseMs, heartbeatMs };
      connection.send({ message: 'welcome', welcome });
      connections.push(connection);
      for (const resolve of waiting) resolve();
      waiting.clear();
    },
    onRefused: () => undefined,
  });
  onTestFinished(() => server.close());
  const worker = async (number = 1): Promise<Connection> => {
    while (connections.length < number) await new Promise<void>((resolve) => waiting.add(resolve));
    return connections[number - 1]!;
  };
  return { address: server.address, worker };
}
