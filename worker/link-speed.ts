import type { Channel } from '../services/rpc/channel.js';
import { MAX_ECHO_BYTES } from '../services/rpc/limits.js';
import type { WorkerMessage } from '../services/rpc/messages.js';

const SMALL = { bytes: 64 * 1024, budgetMs: 500 };
const LARGE = { bytes: MAX_ECHO_BYTES, budgetMs: 200 };
/** Of each size, at most; none is begun once the budget is spent. */
const ROUNDS = 4;
/** Large rounds are made where one is expected to take no longer. */
const AFFORDABLE_MS = 1000;

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

  /**
   * Bytes a second, both directions counted, of the fastest round: a process that has just begun, or has a part of a
   * processor only, is held up now and then, and that is not the link.
   */
  async measure(): Promise<number> {
    // Opens the windows of the connection, too.
    const small = await this.#fastest(SMALL);
    const largeMs = (2000 * LARGE.bytes) / small;
    if (largeMs > AFFORDABLE_MS) return small;
    return Math.max(small, await this.#fastest(LARGE));
  }

  async #fastest({ bytes, budgetMs }: typeof SMALL): Promise<number> {
    let [leastMs, spentMs] = [Infinity, 0];
    for (let round = 0; round < ROUNDS && spentMs < budgetMs; round++) {
      const ms = await this.#time(bytes);
      leastMs = Math.min(leastMs, ms);
      spentMs += ms;
    }
    return (2000 * bytes) / leastMs;
  }

  async #time(bytes: number): Promise<number> {
    const started = performance.now();
    const echoed = new Promise<void>((resolve) => (this.#echoed = resolve));
    await this.#channel.send({ message: 'echo', echo: { payload: new Uint8Array(bytes) } });
    await echoed;
    return performance.now() - started;
  }
}
