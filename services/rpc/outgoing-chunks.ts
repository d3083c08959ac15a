import { crc32 } from 'node:zlib';
import { toBfloat16 } from './bfloat16.js';
import { MAX_CHUNK_HEADER_BYTES, writeChunkHeader } from './chunk-codec.js';
import { CHUNK_BYTES } from './limits.js';
import type { OutgoingTensor } from './messages.js';
import { elementBytes, tensorBytes } from './tensor-headers.js';

/** Memory for one chunk at a time; a channel has one for each chunk that is on its way to the socket. */
export class ChunkBuffer {
  /** The most bytes of entries of the chunks to come. */
  chunkBytes = CHUNK_BYTES;
  readonly bytes = Buffer.allocUnsafeSlow(MAX_CHUNK_HEADER_BYTES + CHUNK_BYTES);
  readonly floats = new Float32Array(this.bytes.buffer, MAX_CHUNK_HEADER_BYTES);
  readonly halves = new Uint16Array(this.bytes.buffer, MAX_CHUNK_HEADER_BYTES);
}

/** Cuts one matrix, or some columns of it, into chunks. */
export class OutgoingChunks {
  #offset = 0;

  constructor(private readonly tensor: OutgoingTensor) {}

  get done(): boolean {
    return this.#offset === tensorBytes(this.tensor.header);
  }

  /**
   * The next chunk as a message of the stream, in the buffer's memory, and how many bytes of entries it has.
   *
   * @throws RangeError when the matrix has changed its size, as it does when its memory is given away
   */
  next(buffer: ChunkBuffer): { readonly message: Buffer; readonly length: number } {
    const { header, matrix } = this.tensor;
    requireWhole(this.tensor);
    const width = elementBytes[header.type];
    const length = Math.min(buffer.chunkBytes, tensorBytes(header) - this.#offset);
    const first = this.#offset / width;
    const pieces = piecesOf(this.tensor, first, first + length / width);
    if (header.type === 'ELEMENT_TYPE_F32') {
      for (const [at, start, end] of pieces) buffer.floats.set(matrix.data.subarray(start, end), at);
    } else {
      for (const [at, start, end] of pieces) {
        toBfloat16(matrix.data.subarray(start, end), buffer.halves.subarray(at));
      }
    }

    const end = MAX_CHUNK_HEADER_BYTES + length;
    const checksum = crc32(buffer.bytes.subarray(MAX_CHUNK_HEADER_BYTES, end));
    const chunk = { id: header.id, offset: this.#offset, crc32: checksum, length };
    const start = writeChunkHeader(buffer.bytes, MAX_CHUNK_HEADER_BYTES, chunk);
    this.#offset += length;
    return { message: buffer.bytes.subarray(start, end), length };
  }
}

/** @throws RangeError */
export function requireWhole({
  header,
  matrix,
  columns: [start, end] = [0, matrix.columns],
}: OutgoingTensor) {
  const { rows, columns, data } = matrix;
  const fits = header.rows === rows && header.columns === end - start && data.length === rows * columns;
  if (fits && start >= 0 && start < end && end <= columns) return;
  throw new RangeError(
    `columns ${start} to ${end} of a ${rows}×${columns} matrix of ${data.length} entries do not make a ${header.rows}×${header.columns} one`,
  );
}

/**
 * Where the entries first to last − 1 of what is sent lie in the matrix: where each piece goes, and its
 * start and end in the matrix' data.
 */
function* piecesOf(
  { header, matrix, columns: [firstColumn] = [0, 0] }: OutgoingTensor,
  first: number,
  last: number,
): Generator<readonly [at: number, start: number, end: number]> {
  if (header.columns === matrix.columns) {
    yield [0, first, last];
    return;
  }
  for (let entry = first; entry < last;) {
    const row = Math.floor(entry / header.columns);
    const column = entry - row * header.columns;
    const count = Math.min(header.columns - column, last - entry);
    const start = row * matrix.columns + firstColumn + column;
    yield [entry - first, start, start + count];
    entry += count;
  }
}
