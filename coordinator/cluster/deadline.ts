/** Answers of which the spread is taken. */
const WINDOW = 31;
/** A deadline is never shorter than this. */
const FLOOR_MS = 10_000;
/** Until there are answers to judge by. */
const FIRST_MS = 60_000;
/** How many times the expected time the first answers may take. */
const FIRST_FACTOR = 20;
/**
 * A deadline is never shorter than so many times the expected time: answers to small requests tell little of
 * large ones.
 */
const LEAST_FACTOR = 5;
/** Median absolute deviations above the median. */
const DEVIATIONS = 10;

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((x, y) => x - y);
  return sorted[Math.floor(sorted.length / 2)]!;
};

/**
 * How long an answer may take, learnt from those before it: the median of how much longer than expected
 * they took, and ten of their median absolute deviations, and twice that; at least five times the expected
 * time, and ten seconds.
 */
export class AdaptiveDeadline {
  /** Time taken ÷ time expected. */
  readonly #ratios: number[] = [];

  /** @param expectedMs reckoned from operations, bytes and speeds */
  add(takenMs: number, expectedMs: number): void {
    this.#ratios.push(takenMs / expectedMs);
    if (this.#ratios.length > WINDOW) this.#ratios.shift();
  }

  /** Milliseconds from now. */
  of(expectedMs: number): number {
    if (this.#ratios.length < 3) return Math.max(FIRST_MS, FIRST_FACTOR * expectedMs);
    const middle = median(this.#ratios);
    const deviation = median(this.#ratios.map((ratio) => Math.abs(ratio - middle)));
    const usual = 2 * (middle + DEVIATIONS * deviation);
    return Math.max(FLOOR_MS, expectedMs * Math.max(LEAST_FACTOR, usual));
  }
}
