import { setImmediate } from 'node:timers/promises';
import { LocopropError } from '../../core/errors/error.js';
import { allocate, type NumericArray } from './numeric.js';

const NUMBERS_PER_BLOCK = 1 << 18;

/**
 * Rows of a table whose length is not known beforehand: kept in blocks, as growing one array would
 * copy everything again and again, and hold it twice.
 */
export class RowCollector {
  rows = 0;
  readonly #blocks: Float32Array[] = [];
  readonly #rowsPerBlock: number;

  constructor(
    readonly file: string,
    readonly width: number,
    readonly maxBytes: number,
  ) {
    this.#rowsPerBlock = Math.max(1, Math.floor(NUMBERS_PER_BLOCK / Math.max(1, width)));
  }

  /** Adds a row, all 0, and returns a view of it. */
  add(): Float32Array {
    const row = this.rows % this.#rowsPerBlock;
    if (row === 0) {
      const bytes = (this.rows + this.#rowsPerBlock) * this.width * Float32Array.BYTES_PER_ELEMENT;
      if (bytes > this.maxBytes) {
        throw new LocopropError('DATA_TOO_LARGE', {
          file: this.file,
          bytes: `more than ${this.maxBytes}`,
          limit: this.maxBytes,
        });
      }
      this.#blocks.push(new Float32Array(this.#rowsPerBlock * this.width));
    }
    this.rows += 1;
    const block = this.#blocks.at(-1) as Float32Array;
    return block.subarray(row * this.width, (row + 1) * this.width);
  }

  /** All rows in one array, and the blocks given up; lets other work run between blocks. */
  async finish(): Promise<NumericArray> {
    const { file, rows, width } = this;
    const data = allocate(Float32Array, rows * width, this);
    let offset = 0;
    for (let block = this.#blocks.shift(); block !== undefined; block = this.#blocks.shift()) {
      data.set(block.subarray(0, data.length - offset), offset);
      offset += block.length;
      await setImmediate();
    }
    return { file, shape: [rows, width], data };
  }
}
