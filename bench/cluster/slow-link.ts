import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Bytes that pass at a time: small, so that the link is slow and not jerky. */
const PIECES_PER_SECOND = 50;

/** A link to a port of this machine that lets so many bytes a second through in each direction. */
export class SlowLink {
  readonly #bytesPerSecond: number;
  readonly #sockets = new Set<Socket>();
  readonly #server;

  private constructor(target: number, bytesPerSecond: number) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#server = createServer({ noDelay: true }, (client) => {
      const far = connect(target, '127.0.0.1').setNoDelay();
      this.#pass(client, far);
      this.#pass(far, client);
    });
  }

  static async open(target: number, bytesPerSecond: number): Promise<SlowLink> {
    const link = new SlowLink(target, bytesPerSecond);
    link.#server.listen(0, '127.0.0.1');
    await once(link.#server, 'listening');
    return link;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  #pass(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    // Either end may go at any time, which the other is then told.
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
    void this.#copy(from, to).catch(() => to.destroy());
  }

  async #copy(from: Socket, to: Socket): Promise<void> {
    const most = Math.max(1, Math.floor(this.#bytesPerSecond / PIECES_PER_SECOND));
    for await (const bytes of from as AsyncIterable<Buffer>) {
      for (let start = 0; start < bytes.length; start += most) {
        const piece = bytes.subarray(start, start + most);
        to.write(piece);
        await sleep((1000 * piece.length) / this.#bytesPerSecond);
      }
    }
  }

  close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}
