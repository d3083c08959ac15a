import { constants } from 'node:os';
import { note } from './output.js';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
type StopSignal = (typeof SIGNALS)[number];

/** Turns Ctrl-C and SIGTERM into a request to stop; the second one ends the process at once. */
export class Interruption {
  readonly #controller = new AbortController();
  readonly #listeners = new Map<StopSignal, () => void>();
  readonly #notice: string | null;
  #received: StopSignal | null = null;

  /** @param notice what a person is told at the first signal */
  constructor(notice: string | null) {
    this.#notice = notice;
    for (const signal of SIGNALS) {
      const listener = (): void => this.#receive(signal);
      this.#listeners.set(signal, listener);
      process.on(signal, listener);
    }
  }

  /** Aborted once the process was asked to stop. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** 128 + the signal's number, as shells have it: 130 for Ctrl-C, 143 for SIGTERM; 0 without one. */
  get exitCode(): number {
    return this.#received === null ? 0 : 128 + constants.signals[this.#received];
  }

  /** Leaves signals to Node again. */
  close(): void {
    for (const [signal, listener] of this.#listeners) process.off(signal, listener);
    this.#listeners.clear();
  }

  /** Ends the process as the signal does where nobody listens for it. */
  endNow(signal: StopSignal): void {
    // process.exit would wait for the engine's thread, which may be in the middle of a long computation.
    this.close();
    process.kill(process.pid, signal);
  }

  #receive(signal: StopSignal): void {
    if (this.#received !== null) {
      this.endNow(signal);
      return;
    }
    this.#received = signal;
    if (this.#notice !== null) note(`\n${this.#notice}`);
    this.#controller.abort();
  }
}
