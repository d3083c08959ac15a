import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode, readFailed, writeFailed } from './failure.js';
import { linkDurably, readBytes, TEMPORARY_FILE, writeDurably } from './files.js';
import { FolderByteFile } from './folder-byte-file.js';
import { FolderLineFile, growingFile } from './folder-line-file.js';
import { isLockFile, lockFolder } from './folder-lock.js';
import { GrowingFileReader, linesOf } from './follow.js';
import type { ByteFile, LineFile, LineFollower, RunStore } from './run-store.js';

/** A run in a folder. Nothing is read or made before a method asks for it. */
export class FolderRunStore implements RunStore {
  readonly location: string;
  readonly #lineFiles = new Map<string, FolderLineFile>();
  #unlock: (() => Promise<void>) | null = null;

  constructor(folder: string) {
    this.location = folder;
  }

  async lock(): Promise<void> {
    try {
      await mkdir(this.location, { recursive: true });
    } catch (cause) {
      throw writeFailed(this.location, cause);
    }
    this.#unlock = await lockFolder(this.location, 'alone');
    await this.#removeTemporaryFiles();
  }

  async close(): Promise<void> {
    const files = [...this.#lineFiles.values()];
    const unlock = this.#unlock;
    this.#lineFiles.clear();
    this.#unlock = null;
    try {
      for (const file of files) await file.close();
    } finally {
      await unlock?.();
    }
  }

  path(name: string): string {
    return join(this.location, name);
  }

  read(name: string): Promise<Uint8Array> {
    return readBytes(this.path(name));
  }

  write(name: string, chunks: Iterable<Uint8Array>): Promise<void> {
    return writeDurably(this.path(name), chunks);
  }

  copy(from: string, to: string): Promise<void> {
    return linkDurably(this.path(from), this.path(to));
  }

  async list(folder: string): Promise<readonly string[]> {
    try {
      const entries = await readdir(this.path(folder), { withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile() && !isLockFile(entry.name) && !TEMPORARY_FILE.test(entry.name))
        .map(({ name }) => name);
    } catch (cause) {
      if (hasCode(cause, 'ENOENT')) return [];
      throw readFailed(this.path(folder), cause);
    }
  }

  async remove(name: string): Promise<void> {
    try {
      await rm(this.path(name), { force: true });
    } catch (cause) {
      throw writeFailed(this.path(name), cause);
    }
  }

  begin(name: string): ByteFile {
    return new FolderByteFile(this.path(name));
  }

  async lines(name: string): Promise<LineFile> {
    const opened = this.#lineFiles.get(name) ?? (await FolderLineFile.open(this.path(name)));
    this.#lineFiles.set(name, opened);
    return opened;
  }

  readLines(name: string): AsyncIterable<string> {
    return linesOf(growingFile(this.path(name)));
  }

  follow(name: string): LineFollower {
    return new GrowingFileReader(growingFile(this.path(name)));
  }

  /** The lock says that no living process is still at work on one. */
  async #removeTemporaryFiles(): Promise<void> {
    try {
      for (const name of await readdir(this.location, { recursive: true })) {
        if (TEMPORARY_FILE.test(name)) await rm(this.path(name), { force: true });
      }
    } catch (cause) {
      throw writeFailed(this.location, cause);
    }
  }
}
