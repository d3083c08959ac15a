import { interleave, ratios, roundSums, spread } from '#bench/measure.js';
import { layerShapes, productOperations } from '#bench/shapes.js';
import { describe, expect, it } from 'vitest';

describe('interleave', () => {
  it('runs the tasks in turn and does not count the rounds before', async () => {
    const order: string[] = [];
    const task = (name: string) => () => Promise.resolve(order.push(name));
    const seconds = await interleave({ a: task('a'), b: task('b') }, { rounds: 2, warmups: 1 });
    expect(order.join('')).toBe('ababab');
    expect(seconds).toEqual({ a: [3, 5], b: [4, 6] });
  });
});

describe('the figures of several rounds', () => {
  it('have their median, of an even number the mean of the middle two', () => {
    expect(spread([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 });
    expect(spread([4, 1, 2, 3])).toEqual({ median: 2.5, min: 1, max: 4 });
  });

  it('are compared within their round', () => {
    expect(ratios([2, 9], [4, 3])).toEqual([0.5, 3]);
    expect(
      roundSums([
        [1, 2],
        [10, 20],
        [100, 200],
      ]),
    ).toEqual([111, 222]);
  });
});

describe('shapes', () => {
  it('of a network follow from its widths', () => {
    expect(layerShapes([4, 3, 2])).toEqual([
      { inputs: 4, units: 3 },
      { inputs: 3, units: 2 },
    ]);
  });

  it('count K gradients and K forward products of 2·B·n·m operations each', () => {
    expect(productOperations({ inputs: 784, units: 1000 }, { batch: 1000, iterations: 10 })).toBe(31.36e9);
  });
});
