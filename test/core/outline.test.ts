import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leastLimit, Outline } from '#core/outline.js';

interface Point {
  readonly step: number;
  readonly one: number;
  readonly other: number | null;
}

const outlineOf = (points: readonly Point[], limit: number | null): readonly Point[] => {
  const outline = new Outline<Point>(limit, [({ one }) => one, ({ other }) => other]);
  for (const point of points) outline.add(point);
  return outline.points;
};

const curve = fc
  .array(fc.tuple(fc.double({ noNaN: true }), fc.option(fc.double({ noNaN: true }))), { maxLength: 400 })
  .map((values) => values.map(([one, other], step): Point => ({ step, one, other })));

describe('the outline of a curve', () => {
  it('keeps its ends and whatever stands out, in its order, and no more points than it may', () => {
    fc.assert(
      fc.property(curve, fc.integer({ min: leastLimit(2), max: 60 }), (points, limit) => {
        const kept = outlineOf(points, limit);
        expect(kept.length).toBeLessThanOrEqual(limit);
        expect(kept).toEqual(points.filter((point) => kept.includes(point)));
        if (points.length <= limit) expect(kept).toEqual(points);
        expect([kept[0], kept.at(-1)]).toEqual([points[0], points.at(-1)]);
        for (const field of ['one', 'other'] as const) {
          const values = (of: readonly Point[]) => of.flatMap((point) => point[field] ?? []);
          expect(Math.max(...values(kept))).toBe(Math.max(...values(points)));
          expect(Math.min(...values(kept))).toBe(Math.min(...values(points)));
        }
      }),
    );
  });

  it('has as many points of the beginning of a long curve as of its end', () => {
    const points = Array.from({ length: 100_000 }, (_, step) => ({ step, one: Math.sin(step), other: null }));
    const kept = outlineOf(points, 1000);
    expect(kept.length).toBeGreaterThan(400);
    const first = kept.filter(({ step }) => step < 50_000).length;
    expect(Math.abs(first - kept.length / 2)).toBeLessThan(kept.length / 10);
  });

  it('has a spike of one step in a million', () => {
    const outline = new Outline<Point>(100, [({ one }) => one]);
    for (let step = 0; step < 1_000_000; step += 1)
      outline.add({ step, one: step === 654_321 ? 9 : Math.random(), other: null });
    expect(outline.points.map(({ step }) => step)).toContain(654_321);
  });

  it('is all of the curve where no limit is given, and none where there is none', () => {
    const points = [{ step: 1, one: NaN, other: null }];
    expect(outlineOf(points, null)).toEqual(points);
    expect(outlineOf([], 10)).toEqual([]);
  });
});
