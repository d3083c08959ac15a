const FIRST_MS = 100;
const LARGEST_MS = 5000;

/** How long to wait between attempts: twice as long each time, with chance, lest all come at once. */
export class BackOff {
  #rounds = 0;

  /** Something succeeded. */
  reset(): void {
    this.#rounds = 0;
  }

  /** Milliseconds until the next attempt. */
  next(): number {
    const longest = Math.min(LARGEST_MS, FIRST_MS * 2 ** this.#rounds);
    this.#rounds++;
    return longest * (0.5 + 0.5 * Math.random());
  }
}

/** Waits, at most until the signal. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
