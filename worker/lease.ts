const CHECKS = 8;

/** Notices that nothing has come from the peer for too long. */
export class Lease {
  readonly #timer: NodeJS.Timeout;
  readonly #received: () => number;
  #renewed = performance.now();
  #seen = 0;

  /** @param received grows with every byte that comes, also within a matrix that is not whole yet */
  constructor(leaseMs: number, received: () => number, onExpired: () => void) {
    this.#received = received;
    const checkMs = Math.max(1, leaseMs / CHECKS);
    let checked = performance.now();
    this.#timer = setInterval(() => {
      const now = performance.now();
      // After a check that comes late itself, sockets may hold what was not read yet.
      const late = now - checked > 2 * checkMs;
      checked = now;
      this.#look(now);
      if (!late && now - this.#renewed > leaseMs) onExpired();
    }, checkMs);
  }

  /** A message has come. */
  renew(): void {
    this.#renewed = performance.now();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(now: number): void {
    const received = this.#received();
    if (received !== this.#seen) this.#renewed = now;
    this.#seen = received;
  }
}
