/** The longest that a timer can wait; longer ones are waited for in several turns. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Calls back once, after any time. @returns what keeps it from that */
export function callAfter(delayMs: number, call: () => void): () => void {
  const dueMs = performance.now() + delayMs;
  let timer: NodeJS.Timeout;
  const wait = (): void => {
    const leftMs = dueMs - performance.now();
    timer = setTimeout(
      leftMs > LONGEST_TIMER_MS ? wait : call,
      Math.min(Math.ceil(leftMs), LONGEST_TIMER_MS),
    );
  };
  wait();
  return () => clearTimeout(timer);
}
