import { MAX_CONFUSION_CLASSES, type ClassCounts } from '../core/events.js';
import type { Matrix } from '../core/matrix.js';

/** Counts how a classifier sorts examples. */
export class ConfusionTally {
  /** [true class, predicted class]; null where there are too many classes for a table. */
  readonly #counts: number[][] | null;
  #right = 0;

  constructor(classes: number) {
    const empty = (): number[] => new Array<number>(classes).fill(0);
    this.#counts = classes > MAX_CONFUSION_CLASSES ? null : Array.from({ length: classes }, empty);
  }

  /** @param outputs [indices, classes], of the examples at these indices of `labels` */
  add(outputs: Matrix, labels: ArrayLike<number>, indices: Uint32Array): void {
    for (const [row, index] of indices.entries()) {
      const label = labels[index]!;
      const predicted = largestColumn(outputs, row);
      if (predicted === label) this.#right += 1;
      if (this.#counts) this.#counts[label]![predicted]! += 1;
    }
  }

  /** Examples whose class was found. */
  get right(): number {
    return this.#right;
  }

  get counts(): ClassCounts | null {
    return this.#counts;
  }
}

/** The column with the largest entry of a row. */
export function largestColumn({ columns, data }: Matrix, row: number): number {
  let best = 0;
  for (let column = 1; column < columns; column++) {
    if (data[row * columns + column]! > data[row * columns + best]!) best = column;
  }
  return best;
}
