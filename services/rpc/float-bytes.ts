/*
 * Entries as bytes and back. They are little-endian on the wire and in the memory of every processor that
 * Node.js supports today but IBM Z, so both are views of the same memory wherever alignment allows it.
 */

/** The bytes of numbers: a view. */
export const bytesOf = (numbers: Float32Array | Uint32Array | Uint16Array): Uint8Array =>
  new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);

/** The bits of floats: a view. */
export const bitsOf = (floats: Float32Array): Uint32Array =>
  new Uint32Array(floats.buffer, floats.byteOffset, floats.length);

/**
 * The numbers that bytes hold: a view where the bytes are aligned, else a copy.
 *
 * @param bytes a multiple of four of them
 */
export function floatsOf(bytes: Uint8Array): Float32Array {
  const { buffer, byteOffset, length } = aligned(bytes, Float32Array.BYTES_PER_ELEMENT);
  return new Float32Array(buffer, byteOffset, length / Float32Array.BYTES_PER_ELEMENT);
}

/** As {@link floatsOf}, of a multiple of two bytes. */
export function halvesOf(bytes: Uint8Array): Uint16Array {
  const { buffer, byteOffset, length } = aligned(bytes, Uint16Array.BYTES_PER_ELEMENT);
  return new Uint16Array(buffer, byteOffset, length / Uint16Array.BYTES_PER_ELEMENT);
}

function aligned(bytes: Uint8Array, width: number): Uint8Array {
  if (bytes.length % width !== 0) throw new RangeError(`${bytes.length} bytes hold no whole numbers`);
  // Not slice(): a Buffer's gives a view.
  return bytes.byteOffset % width === 0 ? bytes : new Uint8Array(bytes);
}
