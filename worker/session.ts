import { LocopropError } from '../core/errors/error.js';
import type { Channel } from '../services/rpc/channel.js';
import type { CoordinatorMessage, Welcome, WorkerMessage } from '../services/rpc/messages.js';
import { closed } from '../services/rpc/stream-end.js';
import { startHeartbeats } from './heartbeats.js';
import { Lease } from './lease.js';
import { LinkMeter } from './link-speed.js';
import type { Receive } from './parts.js';
import { asError, PartService } from './service.js';
import type { SessionEnd, SessionOptions } from './session-options.js';

/** On a slow link, so many chunks of a matrix take as long as heartbeats are apart. */
const CHUNKS_A_HEARTBEAT = 2;

/** One connection with a coordinator, from Hello to its end. */
export class Session {
  /** Resolves once the connection has ended and none of its parts is left on the engine. */
  readonly ended: Promise<SessionEnd>;
  readonly #options: SessionOptions;
  readonly #dialling = new AbortController();
  readonly #timers = new Set<NodeJS.Timeout>();
  #resolve: (end: SessionEnd) => void = () => undefined;
  #worker: string;
  /** Null until the coordinator has accepted the connection. */
  #channel: Channel<WorkerMessage> | null = null;
  #service: PartService | null = null;
  #lease: Lease | null = null;
  #meter: LinkMeter | null = null;
  #joined = false;
  #leaving = false;
  #end: SessionEnd | null = null;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#worker = options.hello.name;
    this.ended = new Promise((resolve) => (this.#resolve = resolve));
    this.#connect().catch((error: unknown) => this.#fail(asError(error)));
  }

  async #connect(): Promise<void> {
    const { dial, hello } = this.#options;
    const channel = await dial(
      {
        onMessage: (message, receive) => this.#receive(message, receive),
        onEnd: (reason) => void this.#closed(reason),
      },
      this.#dialling.signal,
    );
    if (this.#end) {
      channel.close();
      return;
    }
    this.#channel = channel;
    await channel.send({ message: 'hello', hello });
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
    if (!this.#channel || !this.#service) {
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
        if (this.#channel && !this.#service) this.#join(message.welcome, this.#channel);
        else this.#fail(this.#protocolError('a Welcome out of turn'));
        break;
      case 'echo':
        this.#meter?.echoed();
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

  #join({ name, job, leaseMs, heartbeatMs }: Welcome, channel: Channel<WorkerMessage>): void {
    const { parts, record } = this.#options;
    this.#worker = name;
    this.#lease = new Lease(
      leaseMs,
      () => channel.bytesReceived,
      () => this.#fail(closed(this.#options.address, `nothing came for ${leaseMs} ms`)),
    );
    this.#service = new PartService({
      parts,
      channel,
      worker: name,
      record,
      onDone: () => this.#leaveIfIdle(),
      onFailure: (error) => this.#fail(error),
    });
    this.#becomeReady(channel, job, heartbeatMs).catch((error: unknown) => this.#fail(asError(error)));
  }

  async #becomeReady(channel: Channel<WorkerMessage>, job: string, heartbeatMs: number): Promise<void> {
    this.#meter = new LinkMeter(channel);
    const bandwidth = await this.#meter.measure();
    if (this.#isOver()) return;
    // Of which there are five in a lease.
    channel.limitChunks((bandwidth * heartbeatMs) / 1000 / CHUNKS_A_HEARTBEAT);
    await channel.send({ message: 'ready', ready: { bandwidth } });
    if (this.#isOver()) return;
    const { parts, record, address } = this.#options;
    this.#joined = true;
    this.#timers.add(startHeartbeats(channel, { parts, heartbeatMs }));
    record({ type: 'worker.joined', worker: this.#worker, job, coordinator: address, bandwidth });
  }

  /** Asked after a wait, in which it may have changed. */
  #isOver(): boolean {
    return this.#end !== null;
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
    if (this.#channel) {
      this.#channel.close(error);
      return;
    }
    this.#dialling.abort();
    void this.#closed(null);
  }

  async #closed(reason: Error | null): Promise<void> {
    this.#stopTimers();
    this.#end ??= {
      kind: 'broken',
      error: reason ?? closed(this.#options.address, 'it was ended without a word'),
    };
    await this.#options.parts.close();
    this.#resolve(this.#end);
  }

  #stopTimers(): void {
    this.#lease?.stop();
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers.clear();
  }

  #protocolError(reason: string): LocopropError {
    return new LocopropError('CLUSTER_PEER_INVALID', { peer: this.#options.address, reason });
  }
}
