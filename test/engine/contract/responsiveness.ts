import { input, matmul, multiply } from '#core/expression/expression.js';
import type { Routine } from '#core/expression/routine.js';
import { performance } from 'node:perf_hooks';
import { describe, expect, it } from 'vitest';
import { randomMatrix, uploadAll } from '../support.js';
import type { Running } from './subject.js';

const LONG_MS = 300;
const LONGEST_GAP_MS = 50;
/** A busy machine holds a thread up now and then; an engine that blocks it does so every time. */
const ATTEMPTS = 50;

/** value ← value · x, as often as there are passes. */
const powers: Routine = {
  name: 'powers',
  setup: { value: multiply(1, input('x')) },
  loop: { body: { value: matmul(input('value'), input('x')) } },
  outputs: [],
  final: { corner: multiply(0, matmul(input('row'), matmul(input('value'), input('column')))) },
  numbers: ['corner'],
};

interface Timing {
  readonly totalMs: number;
  readonly longestGapMs: number;
}

/** The longest time between two ticks of a 1 ms timer while `work` is under way. */
async function timed(work: () => Promise<unknown>): Promise<Timing> {
  const start = performance.now();
  let last = start;
  let longestGapMs = 0;
  const tick = (): void => {
    const now = performance.now();
    longestGapMs = Math.max(longestGapMs, now - last);
    last = now;
  };
  const timer = setInterval(tick, 1);
  try {
    await work();
    tick();
  } finally {
    clearInterval(timer);
  }
  return { totalMs: last - start, longestGapMs };
}

/** Long computations and the caller's thread. */
export function responsivenessContract(running: () => Running): void {
  describe('a long computation', () => {
    it(`lets the caller's timers tick at least every ${LONGEST_GAP_MS} ms`, async () => {
      const { engine } = running();
      const size = 100;
      const matrices = {
        x: randomMatrix(1, 'x', size, size, 1 / size),
        row: randomMatrix(1, 'row', 1, size),
        column: randomMatrix(1, 'column', size, 1),
      };
      const inputs = await uploadAll(engine, matrices);
      const run = (passes: number): Promise<Timing> =>
        timed(() =>
          engine.run({ routine: powers, inputs, passes: new Array<object>(passes).fill({}) as [] }),
        );

      let passes = 32;
      while ((await run(passes)).totalMs < LONG_MS) passes *= 2;
      const gaps: number[] = [];
      while (gaps.length < ATTEMPTS && !gaps.some((gap) => gap <= LONGEST_GAP_MS)) {
        gaps.push((await run(passes)).longestGapMs);
      }
      expect(Math.min(...gaps)).toBeLessThanOrEqual(LONGEST_GAP_MS);
      engine.release(Object.values(inputs));
    });
  });
}
