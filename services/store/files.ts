import { randomBytes } from 'node:crypto';
import { copyFile, type FileHandle, link, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hasCode, readFailed, writeFailed } from './failure.js';
import { slices } from './slices.js';

const READ_BYTES = 1 << 24;

/** How unfinished files end; only the holder of a run's lock makes and removes them. */
export const TEMPORARY_FILE = /\.[0-9a-f]{12}\.tmp$/;

export const temporaryName = (path: string): string => `${path}.${randomBytes(6).toString('hex')}.tmp`;

/**
 * The bytes of a file.
 *
 * @throws STORE_READ_FAILED
 */
export async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readRange(path, 0, Infinity);
  } catch (cause) {
    throw readFailed(path, cause);
  }
}

/** The bytes of a file from `start` on, at most `limit`; as many as there are. */
export async function readRange(path: string, start: number, limit: number): Promise<Uint8Array> {
  // Asked before it is opened: opening a pipe would wait for its writer.
  const { size } = await requireFile(path);
  const handle = await open(path, 'r');
  try {
    return await readInto(handle, new Uint8Array(Math.max(0, Math.min(limit, size - start))), start);
  } finally {
    await handle.close();
  }
}

async function requireFile(path: string): Promise<{ size: number }> {
  const found = await stat(path);
  if (!found.isFile()) throw new Error('it is not a file');
  return found;
}

async function readInto(handle: FileHandle, bytes: Uint8Array, start: number): Promise<Uint8Array> {
  let filled = 0;
  while (filled < bytes.length) {
    const length = Math.min(READ_BYTES, bytes.length - filled);
    const { bytesRead } = await handle.read(bytes, filled, length, start + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

/**
 * Writes a file so that at every moment, also after a power cut, the path holds the whole old
 * file or the whole new one. The folder is made where it is missing.
 *
 * @throws STORE_WRITE_FAILED; the old file is untouched
 */
export async function writeDurably(path: string, chunks: Iterable<Uint8Array>): Promise<void> {
  await replace(path, async (temporary) => {
    const handle = await open(temporary, 'wx');
    try {
      for (const slice of slices(chunks)) await handle.writeFile(slice);
      await handle.sync();
    } finally {
      await handle.close();
    }
  });
}

/**
 * Gives a file of {@link writeDurably} a second name in the same file system, with the same promise.
 *
 * @throws STORE_WRITE_FAILED
 */
export async function linkDurably(from: string, to: string): Promise<void> {
  await replace(to, async (temporary) => {
    try {
      await link(from, temporary);
    } catch (cause) {
      // File systems without links, such as FAT and some network drives.
      if (!hasCode(cause, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS')) throw cause;
      await copyFile(from, temporary);
      await syncFile(temporary);
    }
  });
}

/**
 * Copies a file as it is now, with the promise of {@link writeDurably}: for files that are changed in
 * place, which a second name would not keep.
 *
 * @throws STORE_WRITE_FAILED
 */
export async function copyDurably(from: string, to: string): Promise<void> {
  await replace(to, async (temporary) => {
    await copyFile(from, temporary);
    await syncFile(temporary);
  });
}

/**
 * Gives a file that was written and synced under a temporary name its own one.
 *
 * @throws STORE_WRITE_FAILED
 */
export async function moveDurably(from: string, to: string): Promise<void> {
  try {
    await makeFolder(dirname(to));
    await rename(from, to);
    await syncFolder(dirname(to));
  } catch (cause) {
    throw writeFailed(to, cause);
  }
}

/**
 * Writes a file that must not be there yet, whole or not at all: of several processes that do so at once
 * one succeeds. This takes a file system with hard links: nothing else there is both whole and exclusive.
 *
 * @returns false where the file is there already
 * @throws STORE_WRITE_FAILED
 */
export async function createDurably(path: string, bytes: Uint8Array): Promise<boolean> {
  const temporary = temporaryName(path);
  try {
    await makeFolder(dirname(path));
    const handle = await open(temporary, 'wx');
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await link(temporary, path);
    await syncFolder(dirname(path));
    return true;
  } catch (cause) {
    if (hasCode(cause, 'EEXIST')) return false;
    throw writeFailed(path, cause);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function replace(path: string, make: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = temporaryName(path);
  try {
    await makeFolder(dirname(path));
    await make(temporary);
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    // Should this fail too, the first failure is the one to report; opening the run removes the rest.
    await Promise.allSettled([rm(temporary, { force: true })]);
    throw writeFailed(path, cause);
  }
}

/** Makes a folder and its missing parents, durably. */
export async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first !== undefined) await syncFolder(dirname(first));
}

/** Without it a power cut may undo a rename, or the making of a file. */
export async function syncFolder(folder: string): Promise<void> {
  // Windows opens no folders; its file systems log renames.
  if (process.platform !== 'win32') await syncFile(folder);
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
