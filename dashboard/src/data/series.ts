/** What is kept of a step; all but the loss and the numbers are sums from the first step on, in seconds. */
export interface SeriesPoint {
  readonly sequence: number;
  readonly step: number;
  readonly loss: number;
  readonly seconds: number;
  readonly data: number;
  readonly forward: number;
  readonly targets: number;
  readonly solve: number;
}

const fields = ['sequence', 'step', 'loss', 'seconds', 'data', 'forward', 'targets', 'solve'] as const;
type Field = (typeof fields)[number];

/** Points of a bucket, of which two are left when it is thinned. */
const BUCKET = 4;

/**
 * The steps of a run in bounded memory. Where there are too many, of each bucket of neighbours those of the
 * least and of the largest loss are kept, so that the curve has the same outline: no peak is lost.
 */
export class StepSeries {
  readonly #columns: Readonly<Record<Field, Float64Array>>;
  readonly #capacity: number;
  #length = 0;
  /** The newest point, which thinning could take away. */
  #last: SeriesPoint | null = null;

  /** @param capacity points, a multiple of 8 */
  constructor(capacity = 4096) {
    this.#capacity = capacity;
    this.#columns = Object.fromEntries(fields.map((field) => [field, new Float64Array(capacity)])) as Record<
      Field,
      Float64Array
    >;
  }

  get length(): number {
    return this.#length;
  }

  get last(): SeriesPoint | null {
    return this.#last;
  }

  /** A view, which holds until the next change. */
  column(field: Field): Float64Array {
    return this.#columns[field].subarray(0, this.#length);
  }

  at(index: number): SeriesPoint {
    return Object.fromEntries(
      fields.map((field) => [field, this.#columns[field][index]!]),
    ) as unknown as SeriesPoint;
  }

  push(point: SeriesPoint): void {
    if (this.#length === this.#capacity) this.#thin();
    for (const field of fields) this.#columns[field][this.#length] = point[field];
    this.#length += 1;
    this.#last = point;
  }

  /** Takes back what has a larger sequence number. */
  cut(sequence: number): void {
    const { sequence: sequences } = this.#columns;
    while (this.#length > 0 && sequences[this.#length - 1]! > sequence) this.#length -= 1;
    this.#last = this.#length === 0 ? null : this.at(this.#length - 1);
  }

  #thin(): void {
    const { loss } = this.#columns;
    let kept = 0;
    for (let start = 0; start < this.#length; start += BUCKET) {
      let least = start;
      let largest = start;
      for (let index = start + 1; index < start + BUCKET; index += 1) {
        if (loss[index]! < loss[least]!) least = index;
        if (loss[index]! >= loss[largest]!) largest = index;
      }
      if (largest === least) largest = start + BUCKET - 1;
      for (const index of [Math.min(least, largest), Math.max(least, largest)]) {
        for (const field of fields) this.#columns[field][kept] = this.#columns[field][index]!;
        kept += 1;
      }
    }
    this.#length = kept;
  }
}
