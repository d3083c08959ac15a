import { constants } from 'node:os';
import { note } from './output.js';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
type StopSignal = (typeof SIGNALS)[number];

/** What is told where a run is asked to stop. */
export const STOPS_AFTER_STEP = 'Stopping after this step, with a checkpoint. Once more ends at once.';

/** Turns Ctrl-C and SIGTERM into a request to stop; the second one ends the process at once. */
export class Interruption {
  readonly #controller = new AbortController();
  readonly #listeners = new Map<StopSignal, () => void>();
  readonly #notice: string | null;
  readonly #tell: (notice: string) => void;
  #received: StopSignal | null = null;

  /**
   * @param notice what a person is told at the first signal
   * @param tell how; below the line that a terminal may be in the middle of, unless given
   */
  constructor(notice: string | null, tell = (text: string): void => note(`\n${text}`)) {
    this.#notice = notice;
    this.#tell = tell;
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
    if (this.#notice !== null) this.#tell(this.#notice);
    this.#controller.abort();
  }
}

/** What a process has left to do at its end, such as to tell a peer why, may take so long. */
const END_MS = 1000;

/**
 * Ends the process soon, with its exit code, also where something keeps it: a connection that is being made
 * to a host that does not answer lasts two minutes, and nothing takes it back.
 *
 * @param engineLost whether the thread of an engine may never come back: process.exit would wait for it
 */
export function endSoon(engineLost = false): void {
  setTimeout(() => {
    if (engineLost) process.kill(process.pid, 'SIGKILL');
    else process.exit();
  }, END_MS).unref();
}
