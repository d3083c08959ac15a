import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { hasCode, readFailed, writeFailed } from './failure.js';
import { readRange } from './files.js';
import type { GrowingFile } from './follow.js';
import type { LineFile } from './run-store.js';
import { Serial } from './serial.js';

const LINE_BREAK = 0x0a;

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

/** A file of lines to read while it grows; a missing one is empty. */
export const growingFile = (path: string): GrowingFile => ({
  name: path,
  partBytes: Infinity,
  read: async (_part, start, limit) => {
    try {
      return await readRange(path, start, limit);
    } catch (cause) {
      if (hasCode(cause, 'ENOENT')) return null;
      throw readFailed(path, cause);
    }
  },
});

async function* chunksOf(path: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of createReadStream(path)) yield chunk as Buffer;
  } catch (cause) {
    if (!hasCode(cause, 'ENOENT')) throw cause;
  }
}
