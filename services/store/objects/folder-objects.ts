import { access, constants, open, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { LocopropError } from '../../../core/errors/error.js';
import { hasCode, readFailed, reasonOf, writeFailed } from '../failure.js';
import {
  copyDurably,
  createDurably,
  linkDurably,
  makeFolder,
  moveDurably,
  readRange,
  syncFolder,
  TEMPORARY_FILE,
  writeDurably,
} from '../files.js';
import { isLockFile, lockFolder, type Sharing } from '../folder-lock.js';
import type { ObjectStore, StoredObject } from './objects.js';

/** Files under temporary names are older than any write takes, and their writer is dead. */
const ABANDONED_MS = 24 * 3600 * 1000;
const REMOVE_RETRIES = 5;

/** Objects as files of a folder. Nothing is made before it is needed. */
export class FolderObjects implements ObjectStore {
  readonly location: string;
  readonly staging: string;
  #unlock: (() => Promise<void>) | null = null;

  constructor(folder: string) {
    this.location = folder;
    this.staging = join(folder, 'uploads');
  }

  name(key: string): string {
    return join(this.location, key);
  }

  localPath(key: string): string {
    return this.name(key);
  }

  read(key: string, start = 0, limit = Infinity): Promise<Uint8Array | null> {
    return this.#reading(key, () => readRange(this.name(key), start, limit));
  }

  open(key: string, start: number): Promise<Readable | null> {
    return this.#reading(key, async () => {
      const handle = await open(this.name(key), 'r');
      if ((await handle.stat()).isFile()) return handle.createReadStream({ start });
      await handle.close();
      return null;
    });
  }

  create(key: string, bytes: Uint8Array): Promise<boolean> {
    return createDurably(this.name(key), bytes);
  }

  write(key: string, chunks: Iterable<Uint8Array>): Promise<void> {
    return writeDurably(this.name(key), chunks);
  }

  take(file: string, key: string): Promise<void> {
    return moveDurably(file, this.name(key));
  }

  async list(prefix: string): Promise<string[]> {
    const found: string[] = [];
    await this.#collect(prefix.slice(0, prefix.lastIndexOf('/') + 1), prefix, found);
    return found.toSorted();
  }

  async sizes(prefix: string): Promise<StoredObject[]> {
    const found: StoredObject[] = [];
    for (const key of await this.list(prefix)) {
      const size = await this.#reading(key, async () => (await stat(this.name(key))).size);
      if (size !== null) found.push({ key, bytes: size });
    }
    return found;
  }

  copy(from: string, to: string): Promise<boolean> {
    return this.#copying(from, () => linkDurably(this.name(from), this.name(to)));
  }

  copyGrowing(from: string, to: string): Promise<boolean> {
    return this.#copying(from, () => copyDurably(this.name(from), this.name(to)));
  }

  async remove(key: string): Promise<void> {
    try {
      await rm(this.name(key), { force: true });
    } catch (cause) {
      throw writeFailed(this.name(key), cause);
    }
  }

  async removeAll(folder: string): Promise<void> {
    const path = this.name(folder);
    try {
      // Whoever was cut off from a run may still be writing into it: then it is not empty at first.
      await rm(path, { recursive: true, force: true, maxRetries: REMOVE_RETRIES });
      await syncFolder(dirname(path));
    } catch (cause) {
      if (!hasCode(cause, 'ENOENT')) throw writeFailed(path, cause);
    }
  }

  async lock(sharing: Sharing): Promise<void> {
    await this.check();
    this.#unlock = await lockFolder(this.location, sharing);
    if (sharing === 'alone') await this.removeTemporaryFiles(0);
  }

  /**
   * Clears away what dead processes have left unfinished. A run's own are left to who locks the run.
   *
   * @param age in milliseconds that they must have
   */
  async removeTemporaryFiles(age = ABANDONED_MS): Promise<void> {
    for (const folder of [this.staging, this.name('records'), this.name('datasets')]) {
      for (const name of await this.#names(folder)) {
        const path = join(folder, name);
        if (TEMPORARY_FILE.test(name) && (await isOlder(path, age))) await rm(path, { force: true });
      }
    }
  }

  async check(): Promise<void> {
    try {
      await makeFolder(this.location);
      await access(this.location, constants.R_OK | constants.W_OK | constants.X_OK);
    } catch (cause) {
      const details = { location: this.location, reason: reasonOf(cause) };
      throw new LocopropError('STORE_UNAVAILABLE', details, { cause });
    }
  }

  async close(): Promise<void> {
    const unlock = this.#unlock;
    this.#unlock = null;
    await unlock?.();
  }

  async #collect(folder: string, prefix: string, found: string[]): Promise<void> {
    for (const entry of await this.#entries(this.name(folder))) {
      const key = `${folder}${entry.name}`;
      if (!key.startsWith(prefix) || TEMPORARY_FILE.test(entry.name) || isLockFile(entry.name)) continue;
      if (entry.isDirectory()) await this.#collect(`${key}/`, prefix, found);
      else if (entry.isFile()) found.push(key);
    }
  }

  async #names(folder: string): Promise<string[]> {
    return (await this.#entries(folder)).map(({ name }) => name);
  }

  async #entries(folder: string) {
    try {
      return await readdir(folder, { withFileTypes: true });
    } catch (cause) {
      // ENOTDIR: what would be the folder of the keys is an object.
      if (hasCode(cause, 'ENOENT', 'ENOTDIR')) return [];
      throw readFailed(folder, cause);
    }
  }

  async #reading<Result>(key: string, task: () => Promise<Result>): Promise<Result | null> {
    try {
      return await task();
    } catch (cause) {
      if (hasCode(cause, 'ENOENT', 'ENOTDIR')) return null;
      throw readFailed(this.name(key), cause);
    }
  }

  /** A copy whose source may go before it is made. */
  async #copying(from: string, task: () => Promise<void>): Promise<boolean> {
    try {
      await task();
      return true;
    } catch (cause) {
      if ((await this.#reading(from, () => stat(this.name(from)))) === null) return false;
      throw cause;
    }
  }
}

async function isOlder(path: string, age: number): Promise<boolean> {
  try {
    return Date.now() - (await stat(path)).mtimeMs >= age;
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return false;
    throw readFailed(path, cause);
  }
}
