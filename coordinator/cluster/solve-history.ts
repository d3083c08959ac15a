import type { SolveTimes } from './place.js';

/** A local problem that a worker solved. */
export interface PastSolve extends SolveTimes {
  readonly job: string;
  readonly step: number;
  /** From 0. */
  readonly layer: number;
}

/** Of each worker, what is kept. */
export const MAX_PAST_SOLVES = 128;

/** The last problems that a worker solved, of all jobs. */
export class SolveHistory {
  readonly #solves: PastSolve[] = [];

  add(solve: PastSolve): void {
    this.#solves.push(solve);
    if (this.#solves.length > MAX_PAST_SOLVES) this.#solves.shift();
  }

  /** Oldest first. */
  last(count: number): readonly PastSolve[] {
    return count === 0 ? [] : this.#solves.slice(-count);
  }
}
