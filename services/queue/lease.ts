/** How long an entry stays with its holder after the last sign of life. */
export const LOCK_MS = 10_000;
const RENEW_MS = 2000;

/**
 * What keeps an entry with this process: a lock that runs out by itself and is renewed in time. Whether it
 * is lost is told by the one who keeps the locks, or by the clock where he cannot be reached, and where the
 * process itself stood still.
 */
export class Lease {
  readonly #controller = new AbortController();
  #heldUntil = 0;
  #renewing = false;
  #ended = false;
  #renewal: NodeJS.Timeout | undefined;
  #expiry: NodeJS.Timeout | undefined;

  /** @param renew resolves to false where the lock is another's or gone; rejects where that is not known */
  constructor(private readonly renew: () => Promise<boolean>) {}

  /** Aborted once the lock may be another's; for good. */
  get lost(): AbortSignal {
    // Timers may be late where the process stood still.
    if (performance.now() >= this.#heldUntil) this.#lose();
    return this.#controller.signal;
  }

  /** Makes sure that the lock is still held, and holds it until `end`. */
  async begin(): Promise<void> {
    await this.#renew();
    if (this.lost.aborted) return;
    this.#renewal = setInterval(() => void this.#renew(), RENEW_MS);
  }

  end(): void {
    this.#ended = true;
    clearInterval(this.#renewal);
    clearTimeout(this.#expiry);
  }

  async #renew(): Promise<void> {
    if (this.#renewing) return;
    this.#renewing = true;
    // The lock runs from when Redis sets it, which is later.
    const heldUntil = performance.now() + LOCK_MS;
    try {
      if (await this.renew()) this.#hold(heldUntil);
      else this.#lose();
    } catch {
      // Not known: it is tried again, until the lock has run out.
    } finally {
      this.#renewing = false;
    }
  }

  #hold(until: number): void {
    this.#heldUntil = until;
    // As the renewal was under way.
    if (this.#ended) return;
    clearTimeout(this.#expiry);
    this.#expiry = setTimeout(() => this.#lose(), until - performance.now());
  }

  #lose(): void {
    this.end();
    this.#controller.abort();
  }
}
