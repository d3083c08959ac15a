import { readBytes, type ByteReader } from './byte-stream.js';
import { parseNpyHeader } from './npy-header.js';
import { elementType, readNumbers, type NumericArray } from './numeric.js';

const MAGIC = '\x93NUMPY';
/** NumPy itself refuses longer headers (numpy.lib.format, max_header_size is 10,000). */
const MOST_HEADER_BYTES = 1 << 16;
const SUPPORTED =
  'a C-ordered array of integers, float32 or float64: np.save(file, np.ascontiguousarray(x, np.float32))';

async function readHeader(reader: ByteReader): Promise<string> {
  const prefix = await reader.take(8);
  if (Buffer.from(prefix.buffer, 0, 6).toString('latin1') !== MAGIC) {
    throw reader.malformed('the NPY magic string is missing', 0);
  }
  const version = prefix.getUint8(6);
  if (version < 1 || version > 3) throw reader.malformed(`the NPY version ${version} is unknown`, 6);
  const length =
    version === 1 ? (await reader.take(2)).getUint16(0, true) : (await reader.take(4)).getUint32(0, true);
  if (length > MOST_HEADER_BYTES) throw reader.malformed(`a header of ${length} bytes is declared`, 8);
  return Buffer.from((await reader.take(length)).buffer).toString(version === 3 ? 'utf8' : 'latin1');
}

/** Reads the array that the reader stands before: the NEP 1 format of NumPy, versions 1 to 3. */
export async function readNpyArray(reader: ByteReader, maxBytes: number): Promise<NumericArray> {
  const { descr, fortranOrder, shape } = parseNpyHeader(await readHeader(reader), reader);
  const name = descr.slice(1);
  const element = /^[<>|=]$/.test(descr.charAt(0)) ? elementType(name, descr.charAt(0) !== '>') : null;
  if (element === null)
    throw reader.unsupported(`its numbers are of type ${JSON.stringify(descr)}`, SUPPORTED);
  if (fortranOrder && shape.length > 1) throw reader.unsupported('the array is in Fortran order', SUPPORTED);
  const array = await readNumbers(reader, { shape, element, asBytes: name === 'u1' }, maxBytes);
  await reader.expectEnd();
  return array;
}

/**
 * Reads an NPY file, plain or gzip.
 *
 * @throws LocopropError DATA_FILE_MISSING, DATA_FILE_UNREADABLE, DATA_MALFORMED, DATA_UNSUPPORTED, DATA_TOO_LARGE, DATA_NOT_FINITE
 */
export const readNpy = (file: string, maxBytes: number): Promise<NumericArray> =>
  readBytes(file, 'NPY', (reader) => readNpyArray(reader, maxBytes));
