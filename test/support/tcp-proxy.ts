import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { applyFaults, type Direction, type Fault } from './tcp-faults.js';

export type { Direction };

export interface Slowness {
  /** Of each connection in each direction; no limit unless given. */
  readonly bytesPerSecond?: number;
  /** What every byte takes longer, one way. */
  readonly latencyMs?: number;
}

interface Link {
  readonly client: Socket;
  readonly target: Socket;
}

/** Bytes on their way at most, however long that is. */
const MAX_IN_FLIGHT = 1 << 24;
/** Pieces that a limited connection passes on in a second, so that it is slow and not jerky. */
const PIECES_PER_SECOND = 50;

/** A TCP proxy on the loopback that breaks connections in the ways in which networks do. */
export class TcpProxy {
  private readonly server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    this.accept(client);
  });
  private readonly clients = new Set<Socket>();
  private readonly links = new Set<Link>();
  private faults: readonly Fault[] = [];
  private slowness: Slowness = {};
  private refusing = false;
  /** Pending while nothing goes through. */
  private open = Promise.resolve();
  private reopen: (() => void) | null = null;

  constructor(private readonly target: number) {}

  async listen(): Promise<this> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return this;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** How many clients are connected. */
  get connections(): number {
    return this.clients.size;
  }

  /** Resets all connections, and every new one at once, until `heal`. */
  cut(): void {
    this.refusing = true;
    for (const client of this.clients) client.resetAndDestroy();
    for (const { target } of this.links) target.resetAndDestroy();
  }

  /** Keeps connections open and takes new ones, but forwards nothing, not even an end, until `heal`. */
  blackhole(): void {
    if (this.reopen) return;
    this.open = new Promise((resolve) => (this.reopen = resolve));
  }

  /** Ends what the other calls began; what a black hole kept goes on its way. */
  heal(): void {
    this.refusing = false;
    this.slowness = {};
    this.faults = [];
    this.reopen?.();
    this.reopen = null;
  }

  slow(slowness: Slowness): void {
    this.slowness = slowness;
  }

  /** Lets so many more bytes pass in a direction and then ends their connection, both sides of it. */
  closeAfter(bytes: number, direction: Direction = 'toTarget'): void {
    this.faults = [...this.faults, { kind: 'close', direction, remaining: bytes }];
  }

  /** Lets so many more bytes pass in a direction and flips the lowest bit of the next. */
  corrupt(afterBytes: number, direction: Direction = 'toTarget'): void {
    this.faults = [...this.faults, { kind: 'flip', direction, remaining: afterBytes }];
  }

  async close(): Promise<void> {
    if (!this.server.listening) return;
    this.cut();
    this.reopen?.();
    this.server.close();
    await once(this.server, 'close');
  }

  private accept(client: Socket): void {
    client.on('error', () => client.destroy());
    if (this.refusing) {
      client.resetAndDestroy();
      return;
    }
    this.clients.add(client);
    client.on('close', () => this.clients.delete(client));
    void this.open.then(() => this.connect(client));
  }

  private connect(client: Socket): void {
    if (client.destroyed) return;
    const target = connect({ port: this.target, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    const link = { client, target };
    this.links.add(link);
    target.on('close', () => this.links.delete(link));
    // All that a peer behind a proxy learns of an error is that its connection breaks too.
    const breakBoth = (): void =>
      void this.open.then(() => {
        client.resetAndDestroy();
        target.resetAndDestroy();
      });
    client.on('error', breakBoth);
    target.on('error', breakBoth);
    this.pump(link, 'toTarget').catch(breakBoth);
    this.pump(link, 'toClient').catch(breakBoth);
  }

  private async pump(link: Link, direction: Direction): Promise<void> {
    const [from, to] = direction === 'toTarget' ? [link.client, link.target] : [link.target, link.client];
    let sentAt = 0;
    let inFlight = 0;
    let delivered = Promise.resolve();
    for await (const chunk of from.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      await this.open;
      const { bytesPerSecond = Infinity, latencyMs = 0 } = this.slowness;
      for (const piece of piecesOf(chunk, Math.ceil(bytesPerSecond / PIECES_PER_SECOND))) {
        sentAt = Math.max(sentAt, performance.now()) + (piece.length / bytesPerSecond) * 1000;
        const dueAt = sentAt + latencyMs;
        inFlight += piece.length;
        delivered = delivered.then(async () => {
          await sleepUntil(dueAt);
          await this.deliver(link, direction, piece);
          inFlight -= piece.length;
        });
        await (inFlight > MAX_IN_FLIGHT || latencyMs === 0 ? delivered : sleepUntil(sentAt));
      }
    }
    await delivered;
    await this.open;
    to.end();
  }

  private async deliver({ client, target }: Link, direction: Direction, chunk: Buffer): Promise<void> {
    await this.open;
    const to = direction === 'toTarget' ? target : client;
    if (to.destroyed) return;
    const { bytes, closes, left } = applyFaults(this.faults, direction, chunk);
    this.faults = left;
    if (closes)
      to.end(bytes, () => {
        client.destroy();
        target.destroy();
      });
    else if (!to.write(bytes)) await drained(to);
  }
}

function* piecesOf(chunk: Buffer, length: number): Generator<Buffer> {
  for (let begin = 0; begin < chunk.length; begin += length) yield chunk.subarray(begin, begin + length);
}

async function sleepUntil(time: number): Promise<void> {
  const waitMs = time - performance.now();
  if (waitMs >= 1) await sleep(waitMs);
}

/** Resolves when a socket takes more, or never will. */
const drained = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    socket.on('drain', done).on('close', done);
  });

/** A proxy in front of a port of this machine. */
export const startProxy = ({ target }: { readonly target: number }): Promise<TcpProxy> =>
  new TcpProxy(target).listen();
