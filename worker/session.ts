import { LocopropError } from '../core/errors/error.js';
import type { Channel, Receiver } from '../services/rpc/channel.js';
import type { CoordinatorMessage, Hello, Welcome, WorkerMessage } from '../services/rpc/messages.js';
import type { RecordEvent } from './events.js';
import { Lease } from './lease.js';
import { measureLink } from './link-speed.js';
import type { Parts, Receive } from './parts.js';
import { asError, PartService } from './service.js';

export interface SessionOptions {
  /** Of the coordinator. */
  readonly address: string;
  readonly hello: Hello;
  readonly parts: Parts;
  /** How long a worker that leaves goes on serving the parts that it has. */
  readonly drainMs: number;
  readonly record: RecordEvent;
  readonly open: (receiver: Receiver<CoordinatorMessage>) => Channel<WorkerMessage>;
}

export type SessionEnd =
  | { readonly kind: 'dismissed'; readonly reason: string; readonly runEnded: boolean }
  | { readonly kind: 'left' }
  | { readonly kind: 'broken'; readonly error: Error };

/** One connection with a coordinator, from Hello to its end. */
export class Session {
  /** Resolves once the connection has ended and none of its parts is left on the engine. */
  readonly ended: Promise<SessionEnd>;
  readonly #options: SessionOptions;
  readonly #channel: Channel<WorkerMessage>;
  readonly #timers = new Set<NodeJS.Timeout>();
  #resolve: (end: SessionEnd) => void = () => undefined;
  #worker: string;
  #service: PartService | null = null;
  #lease: Lease | null = null;
  #echoed: (() => void) | null = null;
  #joined = false;
  #leaving = false;
  #end: SessionEnd | null = null;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#worker = options.hello.name;
    this.ended = new Promise((resolve) => (this.#resolve = resolve));
    this.#channel = options.open({
      onMessage: (message, receive) => this.#receive(message, receive),
      onEnd: (reason) => void this.#closed(reason),
    });
    this.#send({ message: 'hello', hello: options.hello });
  }

  /** Whether the worker became a member. */
  get joined(): boolean {
    return this.#joined;
  }

  /** The worker's name: its own, then that in the run. */
  get worker(): string {
    return this.#worker;
  }

  /** Takes no new parts, and ends once those that it has were unloaded, or after `drainMs`. */
  leave(reason: string): void {
    if (this.#leaving) return;
    this.#leaving = true;
    const { parts, drainMs, record } = this.#options;
    if (!this.#joined || !this.#service) {
      this.#finish({ kind: 'left' });
      return;
    }
    record({ type: 'worker.leaving', worker: this.#worker, reason, parts: parts.count });
    this.#service.drain();
    this.#channel.sendNow({ message: 'leaving', leaving: { reason } });
    this.#timers.add(setTimeout(() => this.#left(), drainMs));
    this.#leaveIfIdle();
  }

  #receive(message: CoordinatorMessage, receive: Receive): void {
    if (this.#end) return;
    this.#lease?.renew();
    switch (message.message) {
      case 'welcome':
        this.#join(message.welcome).catch((error: unknown) => this.#fail(asError(error)));
        break;
      case 'echo':
        this.#echoed?.();
        break;
      case 'heartbeat':
        break;
      case 'goodbye':
        this.#finish({ kind: 'dismissed', ...message.goodbye });
        break;
      case 'load':
      case 'solve':
      case 'settle':
      case 'fetch':
      case 'unload':
        if (this.#service) this.#service.handle(message, receive);
        else this.#fail(this.#protocolError(`a ${message.message} before Welcome`));
    }
  }

  async #join({ name, job, leaseMs, heartbeatMs }: Welcome): Promise<void> {
    if (this.#service) throw this.#protocolError('a second Welcome');
    const { parts, record, address } = this.#options;
    this.#worker = name;
    this.#lease = new Lease(
      leaseMs,
      () => this.#channel.bytesReceived,
      () => this.#fail(this.#closedError(`nothing came for ${leaseMs} ms`)),
    );
    this.#service = new PartService({
      parts,
      channel: this.#channel,
      worker: name,
      record,
      onDone: () => this.#leaveIfIdle(),
      onFailure: (error) => this.#fail(error),
    });
    const bandwidth = await measureLink((bytes) => this.#echo(bytes));
    if (this.#end) return;
    this.#send({ message: 'ready', ready: { bandwidth } });
    this.#joined = true;
    record({ type: 'worker.joined', worker: name, job, coordinator: address, bandwidth });
    this.#startHeartbeats(heartbeatMs);
  }

  #startHeartbeats(heartbeatMs: number): void {
    const { parts } = this.#options;
    let number = 0;
    const beat = (): void => {
      const { residentBytes, busySeconds } = parts;
      const heartbeat = { number: ++number, residentBytes, busySeconds };
      this.#channel.sendNow({ message: 'heartbeat', heartbeat });
    };
    this.#timers.add(setInterval(beat, heartbeatMs));
  }

  #echo(bytes: number): Promise<void> {
    return new Promise((resolve) => {
      this.#echoed = resolve;
      this.#send({ message: 'echo', echo: { payload: new Uint8Array(bytes) } });
    });
  }

  #send(message: WorkerMessage): void {
    this.#channel.send(message).catch((error: unknown) => this.#fail(asError(error)));
  }

  #leaveIfIdle(): void {
    if (this.#leaving && this.#service?.idle) this.#left();
  }

  #left(): void {
    if (this.#end) return;
    const { parts, record } = this.#options;
    record({ type: 'worker.left', worker: this.#worker, partsLeft: parts.count });
    this.#finish({ kind: 'left' });
  }

  #fail(error: Error): void {
    this.#finish({ kind: 'broken', error }, error);
  }

  #finish(end: SessionEnd, error?: Error): void {
    if (this.#end) return;
    this.#end = end;
    this.#stopTimers();
    this.#channel.close(error);
  }

  async #closed(reason: Error | null): Promise<void> {
    this.#stopTimers();
    this.#end ??= {
      kind: 'broken',
      error: reason ?? this.#closedError('the coordinator ended it without a word'),
    };
    await this.#options.parts.close();
    this.#resolve(this.#end);
  }

  #stopTimers(): void {
    this.#lease?.stop();
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers.clear();
  }

  #closedError(reason: string): LocopropError {
    return new LocopropError('CLUSTER_CHANNEL_CLOSED', { peer: this.#options.address, reason });
  }

  #protocolError(reason: string): LocopropError {
    return new LocopropError('CLUSTER_PEER_INVALID', { peer: this.#options.address, reason });
  }
}
