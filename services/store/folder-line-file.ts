import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { LocopropError } from '../../core/errors/error.js';
import { hasCode, readFailed, writeFailed } from './failure.js';
import type { LineFile } from './run-store.js';
import { Serial } from './serial.js';

const LINE_BREAK = 0x0a;
/** A longer line is none of ours; it is refused before it fills the memory. */
const MAX_LINE_BYTES = 1 << 24;

/** A file of lines in a folder, as `RunStore.lines` promises. */
export class FolderLineFile implements LineFile {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #serial = new Serial();
  #count: number;
  /** Bytes of the whole lines; what a failed write left behind them is overwritten. */
  #size: number;

  private constructor(path: string, file: FileHandle, count: number, size: number) {
    this.#path = path;
    this.#file = file;
    this.#count = count;
    this.#size = size;
  }

  /** Opens or makes the file and drops an unfinished last line. */
  static async open(path: string): Promise<FolderLineFile> {
    try {
      const { count, size } = await wholeLines(path, Infinity);
      const file = await open(path, size === 0 ? 'w' : 'r+');
      await file.truncate(size);
      return new FolderLineFile(path, file, count, size);
    } catch (cause) {
      throw writeFailed(path, cause);
    }
  }

  get count(): number {
    return this.#count;
  }

  append(line: string): Promise<void> {
    return this.#change(async () => {
      const bytes = Buffer.from(`${line}\n`);
      await writeAt(this.#file, bytes, this.#size);
      this.#count += 1;
      this.#size += bytes.length;
    });
  }

  truncate(count: number): Promise<void> {
    return this.#change(async () => {
      if (count >= this.#count) return;
      const { size } = await wholeLines(this.#path, count);
      await this.#file.truncate(size);
      await this.#file.sync();
      this.#count = count;
      this.#size = size;
    });
  }

  sync(): Promise<void> {
    return this.#change(() => this.#file.sync());
  }

  close(): Promise<void> {
    return this.#change(() => this.#file.close());
  }

  #change(task: () => Promise<void>): Promise<void> {
    return this.#serial.run(async () => {
      try {
        await task();
      } catch (cause) {
        await Promise.allSettled([this.#file.truncate(this.#size)]);
        throw writeFailed(this.#path, cause);
      }
    });
  }
}

async function writeAt(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const rest = bytes.subarray(written);
    const { bytesWritten } = await file.write(rest, 0, rest.length, position + written);
    written += bytesWritten;
  }
}

/** How many lines, up to `limit`, end with a line break, and the bytes up to there. */
async function wholeLines(path: string, limit: number): Promise<{ count: number; size: number }> {
  let count = 0;
  let size = 0;
  let before = 0;
  for await (const chunk of chunksOf(path)) {
    for (
      let end = chunk.indexOf(LINE_BREAK);
      end >= 0 && count < limit;
      end = chunk.indexOf(LINE_BREAK, end + 1)
    ) {
      count += 1;
      size = before + end + 1;
    }
    if (count >= limit) break;
    before += chunk.length;
  }
  return { count, size };
}

/**
 * The lines of a file, without an unfinished last one; none where the file is missing.
 *
 * @throws STORE_READ_FAILED, and STORE_LOG_DAMAGED for a line of over 16 MiB
 */
export async function* readLines(path: string): AsyncGenerator<string> {
  let line = 0;
  let start: Buffer[] = [];
  let length = 0;
  for await (const chunk of readable(path)) {
    let begin = 0;
    for (let end = chunk.indexOf(LINE_BREAK); end >= 0; end = chunk.indexOf(LINE_BREAK, begin)) {
      line += 1;
      yield Buffer.concat([...start, chunk.subarray(begin, end)]).toString();
      start = [];
      length = 0;
      begin = end + 1;
    }
    const rest = chunk.subarray(begin);
    length += rest.length;
    if (length > MAX_LINE_BYTES) {
      const reason = `it is longer than ${MAX_LINE_BYTES} bytes`;
      throw new LocopropError('STORE_LOG_DAMAGED', { file: path, line: line + 1, reason });
    }
    if (rest.length > 0) start.push(rest);
  }
}

async function* readable(path: string): AsyncGenerator<Buffer> {
  try {
    yield* chunksOf(path);
  } catch (cause) {
    throw readFailed(path, cause);
  }
}

async function* chunksOf(path: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of createReadStream(path)) yield chunk as Buffer;
  } catch (cause) {
    if (!hasCode(cause, 'ENOENT')) throw cause;
  }
}
