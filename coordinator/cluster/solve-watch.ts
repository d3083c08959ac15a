import type { SolveTimes } from './place.js';

/** Takes the times of the solves on one link, whose problems are sent one after the other. */
export class SolveWatch {
  /** When the last problem had gone, on the clock of `performance.now`. */
  lastSentMs = -Infinity;

  /** A solve whose problem is now to be sent. */
  begin(): OneSolve {
    return new OneSolve(this);
  }
}

class OneSolve {
  readonly #watch: SolveWatch;
  readonly #clockMs = Date.now() - performance.now();
  #startMs = performance.now();
  #sentMs: number | null = null;
  #answeredMs = 0;

  constructor(watch: SolveWatch) {
    this.#watch = watch;
  }

  readonly sent = (): void => {
    this.#sentMs = performance.now();
    // Until the problem before it had gone, nothing of this one was on its way.
    this.#startMs = Math.max(this.#startMs, this.#watch.lastSentMs);
    this.#watch.lastSentMs = this.#sentMs;
  };

  answered(): void {
    this.#answeredMs = performance.now();
  }

  /** @param solveSeconds as the worker measured it */
  times(solveSeconds: number): SolveTimes {
    const solvedMs = this.#answeredMs;
    const beganMs = Math.max(this.#startMs, solvedMs - 1000 * solveSeconds);
    const receivedMs = Math.min(beganMs, this.#sentMs ?? beganMs);
    return {
      startedMs: this.#clockMs + this.#startMs,
      receiveSeconds: (receivedMs - this.#startMs) / 1000,
      waitSeconds: (beganMs - receivedMs) / 1000,
      solveSeconds: (solvedMs - beganMs) / 1000,
      sendSeconds: Math.max(0, performance.now() - solvedMs) / 1000,
    };
  }
}
