import { randomBytes } from 'node:crypto';
import { copyFile, type FileHandle, link, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hasCode, readFailed, writeFailed } from './failure.js';
import { slices } from './slices.js';

const READ_BYTES = 1 << 24;

/** How unfinished files end; only the holder of a run's lock makes and removes them. */
export const TEMPORARY_FILE = /\.[0-9a-f]{12}\.tmp$/;

const temporaryName = (path: string): string => `${path}.${randomBytes(6).toString('hex')}.tmp`;

/**
 * The bytes of a file.
 *
 * @throws STORE_READ_FAILED
 */
export async function readBytes(path: string): Promise<Uint8Array> {
  try {
    // Asked before it is opened: opening a pipe would wait for its writer.
    const { size } = await requireFile(path);
    const handle = await open(path, 'r');
    try {
      return await readInto(handle, new Uint8Array(size));
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw readFailed(path, cause);
  }
}

async function requireFile(path: string): Promise<{ size: number }> {
  const found = await stat(path);
  if (!found.isFile()) throw new Error('it is not a file');
  return found;
}

async function readInto(handle: FileHandle, bytes: Uint8Array): Promise<Uint8Array> {
  let filled = 0;
  while (filled < bytes.length) {
    const length = Math.min(READ_BYTES, bytes.length - filled);
    const { bytesRead } = await handle.read(bytes, filled, length, filled);
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
 * Gives a file of {@link writeDurably} a second name in the same folder, with the same promise.
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
async function makeFolder(folder: string): Promise<void> {
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
