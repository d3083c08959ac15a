import { setImmediate } from 'node:timers/promises';

/** Runs a generator to its end, and lets timers and other work run at each of its yields. */
export async function cooperate<Result>(steps: Generator<void, Result>): Promise<Result> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    await setImmediate();
  }
}
