import { GENERATOR, randomStream } from '#core/random.js';
import { describe, expect, it } from 'vitest';

const draws = (count: number, draw: () => number): number[] => Array.from({ length: count }, draw);
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
const moment = (values: readonly number[], power: number): number =>
  mean(values.map((value) => value ** power));

describe('a random stream', () => {
  it('gives the numbers of xoroshiro128+ seeded by SHA-256', () => {
    // From Python: hashlib's SHA-256 of '[1,"shuffle",0]', xoroshiro128+ (24, 16, 37) on 64-bit integers.
    const stream = randomStream(1, 'shuffle', 0);
    expect(draws(3, stream.uniform)).toEqual([0.9359878631336296, 0.24508332404038702, 0.26194512827841954]);
    expect(GENERATOR).toBe('xoroshiro128plus/sha256');
  });

  it('is a function of seed and names, whatever else was drawn before', () => {
    const first = randomStream(7, 'weights', 2);
    const order = randomStream(8, 'shuffle').permutation(20);
    draws(100, first.normal);
    expect(randomStream(8, 'shuffle').permutation(20)).toEqual(order);
  });

  it('differs for every seed and every list of names', () => {
    const streams = [
      randomStream(0),
      randomStream(1),
      randomStream(2 ** 32),
      randomStream(Number.MAX_SAFE_INTEGER),
      randomStream(1, 'a', 'b'),
      randomStream(1, 'ab'),
      randomStream(1, 'a,b'),
      randomStream(1, '1'),
      randomStream(1, 1),
      randomStream(1, 'shuffle', 1),
      randomStream(1, 'shuffle', 11),
    ];
    expect(new Set(streams.map((stream) => stream.uniform())).size).toBe(streams.length);
  });

  it('has uncorrelated neighbours: streams of consecutive epochs', () => {
    const count = 20_000;
    const products = draws(count, () => 0).map((_, epoch) => {
      const here = randomStream(3, 'shuffle', epoch).uniform() - 0.5;
      return here * (randomStream(3, 'shuffle', epoch + 1).uniform() - 0.5);
    });
    // Variance of the product of two independent uniform numbers about 0 is 1/144; five standard errors.
    expect(Math.abs(mean(products))).toBeLessThan(5 / 12 / Math.sqrt(count));
  });

  it('refuses seeds that are no non-negative safe integers', () => {
    for (const seed of [-1, 0.5, Number.NaN, 2 ** 53]) expect(() => randomStream(seed)).toThrow(RangeError);
  });

  it('draws uniform numbers with the moments of the uniform distribution', () => {
    const values = draws(100_000, randomStream(11, 'uniform').uniform);
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
    for (const power of [1, 2, 3, 4]) expect(moment(values, power)).toBeCloseTo(1 / (power + 1), 2);
    const shifted = randomStream(11, 'uniform');
    expect(draws(5, () => shifted.uniformBetween(-3, 5))).toEqual(
      values.slice(0, 5).map((value) => 8 * value - 3),
    );
  });

  it('draws normal numbers with the moments of the normal distribution', () => {
    const count = 200_000;
    const values = draws(count, randomStream(12, 'normal').normal);
    // Five standard errors of each moment: variances 1, 2, 15, 96.
    const expected = [0, 1, 0, 3];
    [1, 2, 15, 96].forEach((variance, index) => {
      const error = Math.abs(moment(values, index + 1) - (expected[index] ?? 0));
      expect(error, `moment ${index + 1}`).toBeLessThan(5 * Math.sqrt(variance / count));
    });
    // P(|x| < 1) of a normal number.
    expect(mean(values.map((value) => Number(Math.abs(value) < 1)))).toBeCloseTo(0.6827, 2);
  });

  it('draws integers below a bound equally often', () => {
    const stream = randomStream(13, 'integers');
    const counts = new Array<number>(7).fill(0);
    const total = 70_000;
    for (const value of draws(total, () => stream.integerBelow(7))) counts[value] = (counts[value] ?? 0) + 1;
    // Chi-square with 6 degrees of freedom: 22.46 is passed once in a thousand.
    const expected = total / 7;
    expect(counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)).toBeLessThan(22.46);
  });

  it('draws all orders of a permutation equally often', () => {
    const stream = randomStream(14, 'orders');
    const counts = new Map<string, number>();
    const total = 24_000;
    for (let draw = 0; draw < total; draw += 1) {
      const order = stream.permutation(4).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    // Chi-square with 23 degrees of freedom: 49.73 is passed once in a thousand.
    const statistic = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(statistic).toBeLessThan(49.73);
    expect([...stream.permutation(1000)].sort((a, b) => a - b)).toEqual(
      draws(1000, () => 0).map((_, i) => i),
    );
    expect(stream.permutation(0)).toHaveLength(0);
  });
});
