import type { Matrix } from '../../core/matrix.js';
import { LENGTH_BYTES, METADATA_KEY, type SafeTensor, typeOf } from './tensor.js';

/** Numbers start at a multiple of this many bytes, as other readers map them into memory. */
const ALIGNMENT_BYTES = 8;

/**
 * A safetensors file in pieces: first the header, then each tensor's bytes, views of the given
 * arrays without a copy. They must not change before the pieces are written.
 *
 * @param tensors by name; a matrix has the shape [rows, columns]
 * @param metadata texts for the header
 */
export function encodeSafetensors(
  tensors: Readonly<Record<string, Matrix | SafeTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array[] {
  // Wider numbers first, so that every tensor is aligned to its own width.
  const ordered = Object.entries(tensors).sort(
    ([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT,
  );
  const entries: [string, unknown][] = [[METADATA_KEY, metadata]];
  let end = 0;
  for (const [name, tensor] of ordered) {
    const shape = 'shape' in tensor ? tensor.shape : [tensor.rows, tensor.columns];
    const begin = end;
    end += tensor.data.byteLength;
    entries.push([name, { dtype: typeOf(tensor.data), shape, data_offsets: [begin, end] }]);
  }
  return [
    encodeHeader(JSON.stringify(Object.fromEntries(entries))),
    ...ordered.map(([, { data }]) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  ];
}

/** The header's length as a 64-bit number, then the header, filled up with spaces to the alignment. */
function encodeHeader(json: string): Uint8Array {
  const text = new TextEncoder().encode(json);
  const length = Math.ceil(text.length / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
  const header = new Uint8Array(LENGTH_BYTES + length).fill(0x20, LENGTH_BYTES);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(text, LENGTH_BYTES);
  return header;
}
