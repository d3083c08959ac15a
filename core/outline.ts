/** A value of a point by which its curve is drawn; null where it has none. */
export type CurveValue<Point> = (point: Point) => number | null;

/** Points that follow each other, and how many were looked at for them. */
interface Bucket<Point> {
  count: number;
  points: readonly Point[];
}

/**
 * A curve in at most `limit` points, in memory of that size, whatever number is added: its first and its last point
 * and, of each of many stretches of equally many points, the least and the greatest of each value. So whatever
 * stands out of the curve stays. A curve of fewer points is kept whole.
 */
export class Outline<Point> {
  readonly #limit: number;
  readonly #values: readonly CurveValue<Point>[];
  #buckets: Bucket<Point>[] = [];
  #width = 1;
  #kept = 0;
  #first: Point | null = null;
  #last: Point | null = null;

  /** @param limit at least `leastLimit` of as many values; null for all points */
  constructor(limit: number | null, values: readonly CurveValue<Point>[]) {
    this.#limit = limit === null ? Infinity : limit;
    this.#values = values;
  }

  add(point: Point): void {
    this.#first ??= point;
    this.#last = point;
    const bucket = this.#buckets.at(-1);
    if (bucket && bucket.count < this.#width) {
      this.#kept -= bucket.points.length;
      bucket.points = extremes([...bucket.points, point], this.#values);
      bucket.count += 1;
      this.#kept += bucket.points.length;
    } else {
      this.#buckets.push({ count: 1, points: [point] });
      this.#kept += 1;
    }
    // The two ends may be no extremes.
    while (this.#count > this.#limit) this.#widen();
  }

  get points(): readonly Point[] {
    const kept = this.#buckets.flatMap(({ points }) => points);
    if (this.#buckets.length === 0) return [];
    const before = kept[0] === this.#first ? [] : [this.#first!];
    const after = kept.at(-1) === this.#last ? [] : [this.#last!];
    return [...before, ...kept, ...after];
  }

  get #count(): number {
    const before = this.#buckets[0]!.points[0] === this.#first ? 0 : 1;
    const after = this.#buckets.at(-1)!.points.at(-1) === this.#last ? 0 : 1;
    return before + this.#kept + after;
  }

  /** Makes one stretch of two. */
  #widen(): void {
    const wider: Bucket<Point>[] = [];
    for (let at = 0; at < this.#buckets.length; at += 2) {
      const [one, other] = [this.#buckets[at]!, this.#buckets[at + 1]];
      const points = other ? extremes([...one.points, ...other.points], this.#values) : one.points;
      wider.push({ count: one.count + (other?.count ?? 0), points });
    }
    this.#buckets = wider;
    this.#width *= 2;
    this.#kept = wider.reduce((sum, { points }) => sum + points.length, 0);
  }
}

/** Room for the ends of a curve and the extremes of one stretch. */
export const leastLimit = (values: number): number => 2 + 2 * values;

/** The points with the least and the greatest of each value, in their order. */
function extremes<Point>(points: readonly Point[], values: readonly CurveValue<Point>[]): readonly Point[] {
  if (points.length <= 2) return points;
  const kept = new Set<number>();
  for (const valueOf of values) {
    let [least, greatest] = [-1, -1];
    for (const [index, point] of points.entries()) {
      const value = valueOf(point);
      if (value === null || Number.isNaN(value)) continue;
      if (least === -1 || value < valueOf(points[least]!)!) least = index;
      if (greatest === -1 || value > valueOf(points[greatest]!)!) greatest = index;
    }
    kept.add(least).add(greatest);
  }
  return points.filter((_, index) => kept.has(index));
}
