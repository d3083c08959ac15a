import { appendFile } from 'node:fs/promises';
import { writeFailed } from './failure.js';
import type { ByteFile } from './run-store.js';

/** A growing file in a folder, as `RunStore.begin` promises. */
export class FolderByteFile implements ByteFile {
  readonly #path: string;
  bytes = 0;

  constructor(path: string) {
    this.#path = path;
  }

  async append(bytes: Uint8Array): Promise<void> {
    try {
      await appendFile(this.#path, bytes);
    } catch (cause) {
      throw writeFailed(this.#path, cause);
    }
    this.bytes += bytes.length;
  }
}
