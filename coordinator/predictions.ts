import type { Matrix } from '../core/matrix.js';
import { writeDurably } from '../services/store/files.js';
import { largestColumn } from './confusion.js';

/** Gathers the outputs of a network as the bytes of a file. */
export interface PredictionEncoder {
  add(outputs: Matrix): void;
  /** The whole file, once all outputs are in. */
  finish(shape: PredictionShape): readonly Uint8Array[];
}

export interface PredictionShape {
  readonly examples: number;
  readonly outputs: number;
}

/** Writes predictions, whole or not at all. @throws LocopropError STORE_WRITE_FAILED */
export const writePredictions = (
  file: string,
  encoder: PredictionEncoder,
  shape: PredictionShape,
): Promise<void> => writeDurably(file, encoder.finish(shape));

/** NumPy's format 1.0: an array of little-endian float32, [examples, outputs]. */
export function npyEncoder(): PredictionEncoder {
  const chunks: Uint8Array[] = [];
  return {
    add: ({ data }) => {
      const bytes = new Uint8Array(4 * data.length);
      const view = new DataView(bytes.buffer);
      for (const [index, value] of data.entries()) view.setFloat32(4 * index, value, true);
      chunks.push(bytes);
    },
    finish: ({ examples, outputs }) => [npyHeader(examples, outputs), ...chunks],
  };
}

/** Padded with spaces so that the numbers begin at a multiple of 64 bytes. */
function npyHeader(rows: number, columns: number): Uint8Array {
  const fields = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${columns}), }`;
  const before = 10;
  const length = 64 * Math.ceil((before + fields.length + 1) / 64) - before;
  const header = Buffer.alloc(before + length, ' ');
  header.write('\x93NUMPY\x01\x00', 'latin1');
  header.writeUInt16LE(length, 8);
  header.write(fields, before, 'latin1');
  header.write('\n', before + length - 1);
  return header;
}

/** A line an example under the names of the columns; for a classifier, first the class it chose. */
export function csvEncoder({ classifier }: { readonly classifier: boolean }): PredictionEncoder {
  const chunks: Uint8Array[] = [];
  return {
    add: (outputs) => {
      const lines = Array.from({ length: outputs.rows }, (_, row) => csvLine(outputs, row, classifier));
      chunks.push(Buffer.from(lines.join('')));
    },
    finish: ({ outputs }) => {
      const names = Array.from({ length: outputs }, (_, column) => `output_${column}`);
      return [Buffer.from(`${(classifier ? ['class', ...names] : names).join(',')}\n`), ...chunks];
    },
  };
}

/** Nine digits hold a float32 exactly. */
const DIGITS = 9;

function csvLine(outputs: Matrix, row: number, classifier: boolean): string {
  const { columns, data } = outputs;
  const cells = Array.from(data.subarray(row * columns, (row + 1) * columns), (value) =>
    String(Number(value.toPrecision(DIGITS))),
  );
  return `${(classifier ? [largestColumn(outputs, row), ...cells] : cells).join(',')}\n`;
}
