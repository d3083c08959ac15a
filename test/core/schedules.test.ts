import { epochFactor, localFactor } from '#core/schedules.js';
import { describe, expect, it } from 'vitest';

const factors = (count: number, factor: (index: number) => number): number[] =>
  Array.from({ length: count }, (_, index) => factor(index));

describe('the schedule within a local problem', () => {
  it('falls linearly to a quarter', () => {
    expect(factors(10, (k) => localFactor('linear', k, 10))).toEqual(
      [1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.25, 0.25].map((value) => expect.closeTo(value, 12) as number),
    );
  });

  it('or stays', () => {
    expect(factors(3, (k) => localFactor('constant', k, 3))).toEqual([1, 1, 1]);
  });

  it('begins at 1, whatever the number of iterations', () => {
    for (const iterations of [1, 2, 100]) expect(localFactor('linear', 0, iterations)).toBe(1);
  });
});

describe('the schedule over epochs', () => {
  it("is the notebook's: a warm-up from 0, then down to 0 in the last epoch", () => {
    const schedule = { name: 'notebook', warmupEpochs: 5 } as const;
    const all = factors(100, (epoch) => epochFactor(schedule, epoch, 100));
    expect(all.slice(0, 5)).toEqual(
      [0, 0.2, 0.4, 0.6, 0.8].map((value) => expect.closeTo(value, 12) as number),
    );
    expect(all[5]).toBeCloseTo(94 / 95, 12);
    expect(all[99]).toBe(0);
  });

  it('is constant', () => {
    expect(factors(4, (epoch) => epochFactor({ name: 'constant' }, epoch, 4))).toEqual([1, 1, 1, 1]);
  });

  it('falls along half a cosine after a warm-up', () => {
    const schedule = { name: 'cosine', warmupEpochs: 2, floor: 0.1 } as const;
    const all = factors(12, (epoch) => epochFactor(schedule, epoch, 12));
    expect(all.slice(0, 3)).toEqual([0.5, 1, 1]);
    expect(all[7]).toBeCloseTo(0.55, 12);
    expect(epochFactor(schedule, 12, 12)).toBeCloseTo(0.1, 12);
  });

  it('falls in steps', () => {
    const schedule = { name: 'step', everyEpochs: 3, factor: 0.5 } as const;
    expect(factors(7, (epoch) => epochFactor(schedule, epoch, 7))).toEqual([1, 1, 1, 0.5, 0.5, 0.5, 0.25]);
  });

  it.each([
    { name: 'notebook', warmupEpochs: 5 },
    { name: 'cosine', warmupEpochs: 5, floor: 0 },
  ] as const)('stays between 0 and 1 in a run no longer than the warm-up: $name', (schedule) => {
    for (const epochs of [1, 4, 5, 6]) {
      for (const factor of factors(epochs, (epoch) => epochFactor(schedule, epoch, epochs))) {
        expect(factor).toBeGreaterThanOrEqual(0);
        expect(factor).toBeLessThanOrEqual(1);
      }
    }
  });
});
