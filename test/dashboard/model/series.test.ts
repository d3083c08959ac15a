import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StepSeries, type SeriesPoint } from '../../../dashboard/src/data/series.ts';

const point = (step: number, loss: number): SeriesPoint => ({
  sequence: step + 1,
  step,
  loss,
  seconds: step / 10,
  data: 0,
  forward: step / 40,
  targets: step / 40,
  solve: step / 20,
});

const of = (losses: readonly number[], capacity: number): StepSeries => {
  const series = new StepSeries(capacity);
  losses.forEach((loss, index) => series.push(point(index + 1, loss)));
  return series;
};

describe('the steps of a run', () => {
  it('are all there as long as there is room', () => {
    const series = of([3, 1, 2], 8);
    expect([...series.column('step')]).toEqual([1, 2, 3]);
    expect([...series.column('loss')]).toEqual([3, 1, 2]);
  });

  it('keep the least and the largest loss, their order and the newest point, however many there are', () => {
    const losses = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), {
      minLength: 1,
      maxLength: 500,
    });
    fc.assert(
      fc.property(losses, (values) => {
        const series = of(values, 64);
        const kept = [...series.column('loss')];
        const steps = [...series.column('step')];
        expect(series.length).toBeLessThanOrEqual(64);
        expect(Math.min(...kept)).toBe(Math.min(...values));
        expect(Math.max(...kept)).toBe(Math.max(...values));
        expect(steps).toEqual(steps.toSorted((a, b) => a - b));
        expect(new Set(steps).size).toBe(steps.length);
        expect(series.last).toEqual(point(values.length, values.at(-1)!));
        for (const [index, step] of steps.entries()) expect(kept[index]).toBe(values[step - 1]);
      }),
    );
  });

  it('are taken back from a number on', () => {
    const series = of([5, 4, 3, 2], 8);
    series.cut(3);
    expect([...series.column('step')]).toEqual([1, 2]);
    expect(series.last).toEqual(point(2, 4));
    series.push(point(3, 9));
    expect([...series.column('loss')]).toEqual([5, 4, 9]);
    series.cut(0);
    expect(series.last).toBeNull();
  });
});
