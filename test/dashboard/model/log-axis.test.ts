import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logTicks } from '../../../dashboard/src/charts/log-axis.ts';

describe('the ticks of a logarithmic axis', () => {
  it.each([
    [0.9, 120, [1, 2, 5, 10, 20, 50, 100]],
    [105, 142, [110, 120, 130, 140]],
    [1e-6, 2, [1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 1]],
    [0, 10, []],
  ])('from %d to %d', (min, max, ticks) => {
    expect(logTicks(min, max)).toEqual(ticks);
  });

  it('are a few, in order, within the axis', () => {
    const positive = fc.double({ min: 1e-12, max: 1e12, noNaN: true });
    fc.assert(
      fc.property(positive, fc.double({ min: 1.01, max: 1e9, noNaN: true }), (min, ratio) => {
        const ticks = logTicks(min, min * ratio);
        expect(ticks.length).toBeGreaterThan(1);
        expect(ticks.length).toBeLessThan(25);
        expect(ticks).toEqual(ticks.toSorted((a, b) => a - b));
        expect(ticks[0]!).toBeGreaterThanOrEqual(min * (1 - 1e-9));
        expect(ticks.at(-1)!).toBeLessThanOrEqual(min * ratio * (1 + 1e-9));
      }),
    );
  });
});
