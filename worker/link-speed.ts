import type { Channel } from '../services/rpc/channel.js';
import type { WorkerMessage } from '../services/rpc/messages.js';

const FIRST_BYTES = 64 * 1024;
const BYTES = 1024 * 1024;
const ROUNDS = 4;
/** What the measurement may take on a link that is not slow. */
const BUDGET_MS = 100;

/** Measures a link by what comes back over it. */
export class LinkMeter {
  readonly #channel: Channel<WorkerMessage>;
  #echoed: (() => void) | null = null;

  constructor(channel: Channel<WorkerMessage>) {
    this.#channel = channel;
  }

  /** An echo has come back. */
  echoed(): void {
    this.#echoed?.();
  }

  /** Bytes a second, both directions counted. */
  async measure(): Promise<number> {
    // Opens the windows of the connection, and tells whether more can be afforded.
    const firstMs = await this.#time(FIRST_BYTES);
    const expectedMs = (firstMs * BYTES) / FIRST_BYTES;
    if (expectedMs > 10 * BUDGET_MS) return rate(FIRST_BYTES, firstMs);
    let rounds = 0;
    let elapsedMs = 0;
    while (rounds < ROUNDS && elapsedMs < BUDGET_MS) {
      elapsedMs += await this.#time(BYTES);
      rounds++;
    }
    return rate(rounds * BYTES, elapsedMs);
  }

  async #time(bytes: number): Promise<number> {
    const started = performance.now();
    const echoed = new Promise<void>((resolve) => (this.#echoed = resolve));
    await this.#channel.send({ message: 'echo', echo: { payload: new Uint8Array(bytes) } });
    await echoed;
    return performance.now() - started;
  }
}

const rate = (bytes: number, ms: number): number => (2 * bytes * 1000) / ms;
