/** Whether a signal is given by now: what was read of it before an `await` says nothing. */
export const given = (signal: AbortSignal): boolean => signal.aborted;

/** Resolves after a time, or as soon as `signal` is aborted. */
export const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted) {
      resolve();
      return;
    }
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done);
  });

const FIRST_MS = 500;
const LARGEST_MS = 10_000;

/** Growing delays between tries, until one succeeds. */
export class Delays {
  #next = FIRST_MS;

  reset(): void {
    this.#next = FIRST_MS;
  }

  async wait(signal: AbortSignal): Promise<void> {
    const ms = this.#next;
    this.#next = Math.min(LARGEST_MS, ms * 2);
    await pause(ms, signal);
  }
}
