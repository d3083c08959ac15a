import { messageOf } from '../../core/errors/message.js';
import { open, stat } from 'node:fs/promises';
import type { Readable, Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { LocopropError } from '../../core/errors/error.js';

export const CHUNK_BYTES = 256 * 1024;

/** Deflate's best: 258 bytes from a one-bit length and a one-bit distance code (RFC 1951, 3.2.5). */
export const DEFLATE_MOST_RATIO = 1032;

const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error;

/** A failure of the file system as the error of a user; anything else as it is. */
export function fileError(file: string, error: unknown): unknown {
  if (!isSystemError(error)) return error;
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR')
    return new LocopropError('DATA_FILE_MISSING', { file });
  return new LocopropError('DATA_FILE_UNREADABLE', { file, reason: error.message }, { cause: error });
}

/**
 * Bytes of a regular file: a pipe or a device could block or never end.
 *
 * @throws LocopropError DATA_FILE_MISSING, DATA_FILE_UNREADABLE
 */
export async function fileBytes(file: string): Promise<number> {
  if (file.includes('\0'))
    throw new LocopropError('DATA_FILE_UNREADABLE', { file, reason: 'its name holds a null byte' });
  try {
    const status = await stat(file);
    if (status.isFile()) return status.size;
  } catch (error) {
    throw fileError(file, error);
  }
  throw new LocopropError('DATA_FILE_UNREADABLE', { file, reason: 'it is not a regular file' });
}

/** A source of bytes, and a bound of how many it can give. */
export interface Bytes {
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly most: number;
}

/** The bytes of an open file; destroying the stream closes it. */
export interface FileBytes extends Bytes {
  readonly chunks: Readable;
}

/** Pipes, so that a failure of the source is one of the result, and closing the result closes the source. */
export function through<Result extends Transform>(source: Readable, transform: Result): Result {
  source.on('error', (error) => transform.destroy(error));
  transform.on('close', () => source.destroy());
  return source.pipe(transform);
}

async function startsAsGzip(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer.readUInt16BE() === 0x1f8b; // RFC 1952, 2.3.1
  } finally {
    await handle.close();
  }
}

/**
 * The bytes of a file, decompressed if it is gzip by its first bytes, whatever its name.
 *
 * @throws LocopropError DATA_FILE_MISSING, DATA_FILE_UNREADABLE
 */
export async function openBytes(file: string, chunkBytes = CHUNK_BYTES): Promise<FileBytes> {
  const size = await fileBytes(file);
  try {
    const compressed = await startsAsGzip(file);
    const handle = await open(file);
    const plain = handle.createReadStream({ highWaterMark: chunkBytes });
    const chunks = compressed ? through(plain, createGunzip({ chunkSize: chunkBytes })) : plain;
    return { chunks, most: compressed ? size * DEFLATE_MOST_RATIO : size };
  } catch (error) {
    throw fileError(file, error);
  }
}

/** Reads bytes in order, knows where it stands, and turns every failure into an error of the user. */
export class ByteReader {
  /** Bytes read so far. */
  offset = 0;
  readonly #chunks: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array(0);

  /** @param part of the file that the bytes are, as ` of x.npy`; empty for the whole file */
  constructor(
    readonly file: string,
    readonly format: string,
    readonly bytes: Bytes,
    readonly part = '',
  ) {
    this.#chunks = bytes.chunks[Symbol.asyncIterator]();
  }

  /** Bytes that can still come, at most. */
  get most(): number {
    return this.bytes.most - this.offset;
  }

  malformed(reason: string, offset = this.offset): LocopropError {
    const place = `at byte ${offset}${this.part}`;
    return new LocopropError('DATA_MALFORMED', { file: this.file, format: this.format, place, reason });
  }

  unsupported(reason: string, supported: string, offset = this.offset): LocopropError {
    const place = `at byte ${offset}${this.part}`;
    return new LocopropError('DATA_UNSUPPORTED', {
      file: this.file,
      format: this.format,
      place,
      reason,
      supported,
    });
  }

  /** Makes sure that a byte is at hand, if there is one more. */
  async #advance(): Promise<boolean> {
    while (this.#chunk.length === 0) {
      try {
        const next: IteratorResult<Uint8Array, unknown> = await this.#chunks.next();
        if (next.done === true) return false;
        this.#chunk = next.value;
      } catch (error) {
        if (isSystemError(error)) throw fileError(this.file, error);
        throw this.malformed(messageOf(error));
      }
    }
    return true;
  }

  /** Fills the target with the next bytes. */
  async fill(target: Uint8Array): Promise<void> {
    let filled = 0;
    while (filled < target.length) {
      if (!(await this.#advance())) {
        throw this.malformed(`the data end here, ${target.length - filled} bytes too early`);
      }
      const taken = this.#chunk.subarray(0, target.length - filled);
      target.set(taken, filled);
      this.#chunk = this.#chunk.subarray(taken.length);
      filled += taken.length;
      this.offset += taken.length;
    }
  }

  /** The next bytes, in a buffer of their own; for headers and pieces, as the count is allocated. */
  async take(count: number): Promise<DataView<ArrayBuffer>> {
    const bytes = new Uint8Array(count);
    await this.fill(bytes);
    return new DataView(bytes.buffer);
  }

  /** Refuses further bytes; reading to the end also has checksums checked. */
  async expectEnd(): Promise<void> {
    if (await this.#advance()) throw this.malformed('the data should end here, but more bytes follow');
  }
}

/** Reads a file, compressed or not, and closes it whatever happens. */
export async function readBytes<Result>(
  file: string,
  format: string,
  read: (reader: ByteReader) => Promise<Result>,
): Promise<Result> {
  const bytes = await openBytes(file);
  try {
    return await read(new ByteReader(file, format, bytes));
  } finally {
    bytes.chunks.destroy();
  }
}
