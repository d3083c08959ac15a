import type { Socket } from 'node:net';
import { deferred, type Deferred } from '../../coordinator/pool/deferred.js';

const PIECE = Buffer.alloc(1 << 20);
/** What an order says: how many bytes follow it, and how many are wanted back. */
const ORDER_BYTES = 16;

/** One end of a bare TCP connection that carries what it is told and looks at nothing of it. */
export class RawPeer {
  readonly #socket: Socket;
  #expected = 0;
  #arrived: Deferred<void> = deferred();
  /** Of the order that is coming; null where none is expected. */
  #order: Buffer | null = null;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay();
    socket.on('data', (bytes) => this.#receive(bytes));
  }

  /** Sends and receives so many bytes at the same time; resolves when all have come. */
  async exchange(down: number, up: number): Promise<void> {
    this.#expected = up;
    this.#arrived = deferred();
    const order = Buffer.alloc(ORDER_BYTES);
    order.writeDoubleLE(down, 0);
    order.writeDoubleLE(up, 8);
    this.#socket.write(order);
    await this.#send(down);
    await this.#arrived.promise;
  }

  /** Carries out the orders of the other end. What is wanted is sent at once, but for a last byte. */
  serve(): void {
    this.#order = Buffer.alloc(0);
  }

  #receive(bytes: Buffer): void {
    if (!this.#order) {
      this.#take(bytes.length);
      return;
    }
    if (this.#expected > 0) {
      this.#take(bytes.length);
      return;
    }
    this.#order = Buffer.concat([this.#order, bytes]);
    if (this.#order.length < ORDER_BYTES) return;
    const [down, up] = [this.#order.readDoubleLE(0), this.#order.readDoubleLE(8)];
    const surplus = this.#order.length - ORDER_BYTES;
    this.#order = Buffer.alloc(0);
    this.#expected = down;
    this.#arrived = deferred();
    void Promise.all([this.#arrived.promise, this.#send(up - 1)]).then(() => this.#send(1));
    this.#take(surplus);
  }

  #take(count: number): void {
    this.#expected -= count;
    if (this.#expected === 0) this.#arrived.resolve();
  }

  async #send(count: number): Promise<void> {
    for (let left = count; left > 0; left -= PIECE.length) {
      const piece = PIECE.subarray(0, Math.min(left, PIECE.length));
      if (!this.#socket.write(piece)) await new Promise((resolve) => this.#socket.once('drain', resolve));
    }
  }
}
