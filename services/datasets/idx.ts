import { readBytes } from './byte-stream.js';
import { elementType, readNumbers, type NumericArray } from './numeric.js';

/** The third byte of the magic number; the format is big-endian (Yann LeCun, THE MNIST DATABASE). */
const elementNames: Readonly<Record<number, string>> = {
  0x08: 'u1',
  0x09: 'i1',
  0x0b: 'i2',
  0x0c: 'i4',
  0x0d: 'f4',
  0x0e: 'f8',
};

const MOST_DIMENSIONS = 8;

/**
 * Reads an IDX file, plain or gzip.
 *
 * @throws LocopropError DATA_FILE_MISSING, DATA_FILE_UNREADABLE, DATA_MALFORMED, DATA_TOO_LARGE, DATA_NOT_FINITE
 */
export function readIdx(file: string, maxBytes: number): Promise<NumericArray> {
  return readBytes(file, 'IDX', async (reader) => {
    const magic = await reader.take(4);
    const name = elementNames[magic.getUint8(2)];
    const element = name === undefined ? null : elementType(name, false);
    if (magic.getUint16(0) !== 0 || element === null) {
      throw reader.malformed(
        `0x${magic.getUint32(0).toString(16).padStart(8, '0')} is no IDX magic number`,
        0,
      );
    }
    const dimensions = magic.getUint8(3);
    if (dimensions < 1 || dimensions > MOST_DIMENSIONS) {
      throw reader.malformed(`${dimensions} dimensions are declared, not 1 to ${MOST_DIMENSIONS}`, 3);
    }
    const sizes = await reader.take(4 * dimensions);
    const shape = Array.from({ length: dimensions }, (_, dimension) => sizes.getUint32(4 * dimension));
    const array = await readNumbers(reader, { shape, element, asBytes: name === 'u1' }, maxBytes);
    await reader.expectEnd();
    return array;
  });
}
