import { messageOf } from '../../core/errors/message.js';
import type { Readable } from 'node:stream';
import { crc32, createInflateRaw } from 'node:zlib';
import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { LocopropError } from '../../core/errors/error.js';
import { ByteReader, CHUNK_BYTES, DEFLATE_MOST_RATIO, fileBytes, fileError, through } from './byte-stream.js';
import { readNpyArray } from './npy.js';
import type { NumericArray } from './numeric.js';

const FORMAT = 'NPZ';
const SUFFIX = '.npy';
const MOST_ENTRIES = 10_000;
/** Methods of compression (PKWARE APPNOTE 4.4.5); NumPy writes these two. */
const STORED = 0;
const DEFLATED = 8;

function zipError(file: string, place: string, error: unknown): unknown {
  const refused = fileError(file, error);
  if (refused !== error || error instanceof LocopropError) return refused;
  const reason = messageOf(error);
  return new LocopropError('DATA_MALFORMED', { file, format: FORMAT, place, reason }, { cause: error });
}

/** The arrays of the archive, by name. */
async function listArrays(zip: ZipFile): Promise<Map<string, Entry>> {
  const arrays = new Map<string, Entry>();
  for await (const entry of zip.eachEntry()) {
    if (zip.entriesRead > MOST_ENTRIES) throw new Error(`it holds more than ${MOST_ENTRIES} entries`);
    if (!entry.fileName.endsWith(SUFFIX)) continue;
    const name = entry.fileName.slice(0, -SUFFIX.length);
    if (arrays.has(name)) throw new Error(`it holds two entries ${JSON.stringify(entry.fileName)}`);
    arrays.set(name, entry);
  }
  return arrays;
}

/** Passes the bytes on and compares their checksum at the end. */
async function* checkCrc(stream: Readable, expected: number): AsyncGenerator<Uint8Array, void> {
  let checksum = 0;
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    checksum = crc32(chunk, checksum);
    yield chunk;
  }
  if (checksum !== expected) throw new Error('the data do not have the CRC-32 that the archive says');
}

async function readEntry(zip: ZipFile, entry: Entry, file: string, maxBytes: number): Promise<NumericArray> {
  const { compressionMethod, compressedSize, uncompressedSize } = entry;
  if (entry.isEncrypted() || (compressionMethod !== STORED && compressionMethod !== DEFLATED)) {
    throw new Error(`its entry ${JSON.stringify(entry.fileName)} is encrypted or not compressed by deflate`);
  }
  const deflated = compressionMethod === DEFLATED;
  if (uncompressedSize > compressedSize * (deflated ? DEFLATE_MOST_RATIO : 1)) {
    throw new Error(`${compressedSize} bytes of its entry cannot hold ${uncompressedSize}`);
  }
  const raw = await zip.openReadStreamPromise(entry, { decodeFileData: false });
  const stream = deflated ? through(raw, createInflateRaw({ chunkSize: CHUNK_BYTES })) : raw;
  const bytes = { chunks: checkCrc(stream, entry.crc32), most: uncompressedSize };
  try {
    return await readNpyArray(new ByteReader(file, FORMAT, bytes, ` of ${entry.fileName}`), maxBytes);
  } finally {
    stream.destroy();
  }
}

/**
 * Reads arrays of an NPZ file: a zip archive of NPY files, stored or deflated.
 *
 * @param choose says which arrays to read, from the names of all
 * @throws LocopropError DATA_FILE_MISSING, DATA_FILE_UNREADABLE, DATA_MALFORMED, DATA_UNSUPPORTED, DATA_TOO_LARGE, DATA_NOT_FINITE
 */
export async function readNpz<Part extends string>(
  file: string,
  choose: (names: readonly string[]) => Readonly<Record<Part, string | null>>,
  maxBytes: number,
): Promise<Record<Part, NumericArray | null>> {
  await fileBytes(file);
  let zip: ZipFile | undefined;
  let place = 'in the zip directory';
  try {
    zip = await openPromise(file, { autoClose: false, strictFileNames: true });
    const entries = await listArrays(zip);
    const read = {} as Record<Part, NumericArray | null>;
    for (const [part, name] of Object.entries(choose([...entries.keys()])) as [Part, string | null][]) {
      const entry = name === null ? undefined : entries.get(name);
      place = `in the array ${JSON.stringify(name)}`;
      read[part] = entry === undefined ? null : await readEntry(zip, entry, file, maxBytes);
    }
    return read;
  } catch (error) {
    throw zipError(file, place, error);
  } finally {
    zip?.close();
  }
}
