import { LocopropError } from '../../core/errors/error.js';
import type { ByteReader } from './byte-stream.js';

/** An array read from a file: bytes stay bytes, other numbers become 32-bit floats, all finite. */
export interface NumericArray {
  readonly file: string;
  /** Sizes of its dimensions; the first counts examples. */
  readonly shape: readonly number[];
  readonly data: Uint8Array | Float32Array; // shape's product, row-major
}

/** How one number lies in a file. */
export interface ElementType {
  readonly bytes: number;
  readonly read: (view: DataView, offset: number) => number;
}

const TWO_TO_32 = 2 ** 32;

/** Numbers by kind (u: unsigned, i: signed, f: floating point) and bytes, as NumPy names them. */
export function elementType(name: string, littleEndian: boolean): ElementType | null {
  switch (name) {
    case 'u1':
      return { bytes: 1, read: (view, offset) => view.getUint8(offset) };
    case 'i1':
      return { bytes: 1, read: (view, offset) => view.getInt8(offset) };
    case 'u2':
      return { bytes: 2, read: (view, offset) => view.getUint16(offset, littleEndian) };
    case 'i2':
      return { bytes: 2, read: (view, offset) => view.getInt16(offset, littleEndian) };
    case 'u4':
      return { bytes: 4, read: (view, offset) => view.getUint32(offset, littleEndian) };
    case 'i4':
      return { bytes: 4, read: (view, offset) => view.getInt32(offset, littleEndian) };
    case 'i8': {
      const high = littleEndian ? 4 : 0;
      return {
        bytes: 8,
        read: (view, offset) =>
          view.getInt32(offset + high, littleEndian) * TWO_TO_32 +
          view.getUint32(offset + 4 - high, littleEndian),
      };
    }
    case 'f4':
      return { bytes: 4, read: (view, offset) => view.getFloat32(offset, littleEndian) };
    case 'f8':
      return { bytes: 8, read: (view, offset) => view.getFloat64(offset, littleEndian) };
    default:
      return null;
  }
}

/**
 * A typed array of so many numbers, all 0.
 *
 * @throws LocopropError DATA_TOO_LARGE
 */
export function allocate<Data extends Uint8Array | Float32Array>(
  type: { new (length: number): Data; readonly BYTES_PER_ELEMENT: number },
  length: number,
  { file, maxBytes }: { readonly file: string; readonly maxBytes: number },
): Data {
  const bytes = length * type.BYTES_PER_ELEMENT;
  const tooLarge = (limit: number): LocopropError =>
    new LocopropError('DATA_TOO_LARGE', { file, bytes, limit });
  if (!(bytes <= maxBytes)) throw tooLarge(maxBytes);
  try {
    return new type(length);
  } catch (error) {
    // The engine's own limit, or no memory left.
    if (error instanceof RangeError) throw tooLarge(maxBytes);
    throw error;
  }
}

/** A number that is none or is too large, as an error that says where it stands. */
export const notFinite = (file: string, value: number | string, place: string): LocopropError =>
  new LocopropError('DATA_NOT_FINITE', {
    file,
    place,
    value: Number.isFinite(value) ? `${value}, beyond the range of 32 bits` : String(value),
  });

function placeOf(index: number, shape: readonly number[]): string {
  const width = shape.slice(1).reduce((product, size) => product * size, 1);
  const example = Math.floor(index / width);
  return width === 1 ? `example ${example}` : `feature ${index % width} of example ${example}`;
}

const NUMBERS_PER_PIECE = 1 << 15;

/**
 * The numbers that follow, of a declared shape. What the file can hold is compared with the shape
 * before memory is taken.
 *
 * @throws LocopropError DATA_MALFORMED, DATA_TOO_LARGE, DATA_NOT_FINITE
 */
export async function readNumbers(
  reader: ByteReader,
  { shape, element, asBytes }: { shape: readonly number[]; element: ElementType; asBytes: boolean },
  maxBytes: number,
): Promise<NumericArray> {
  const { file } = reader;
  const count = shape.reduce((product, size) => product * size, 1);
  const declared = `the shape ${shape.join(' × ')}`;
  if (shape.length === 0 || count === 0) throw reader.malformed(`${declared} holds no example`);
  if (count * element.bytes > reader.most) {
    throw reader.malformed(
      `${declared} takes ${count * element.bytes} bytes; at most ${reader.most} can follow`,
    );
  }
  if (asBytes) {
    const data = allocate(Uint8Array, count, { file, maxBytes });
    await reader.fill(data);
    return { file, shape, data };
  }
  const data = allocate(Float32Array, count, { file, maxBytes });
  for (let start = 0; start < count; start += NUMBERS_PER_PIECE) {
    const end = Math.min(count, start + NUMBERS_PER_PIECE);
    const piece = await reader.take((end - start) * element.bytes);
    for (let index = start; index < end; index += 1) {
      const value = element.read(piece, (index - start) * element.bytes);
      data[index] = value;
      if (!Number.isFinite(data[index])) throw notFinite(file, value, placeOf(index, shape));
    }
  }
  return { file, shape, data };
}
