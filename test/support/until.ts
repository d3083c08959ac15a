import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves once it holds. Where it has no limit of its own, that of the test ends it. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  what = String(holds),
  timeoutMs = Infinity,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await sleep(10);
  }
}
