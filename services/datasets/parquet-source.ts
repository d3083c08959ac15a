import type { FileHandle } from 'node:fs/promises';

/** An open file as the library reads it. */
export interface ParquetFile {
  readonly byteLength: number;
  slice(start: number, end?: number): Promise<ArrayBuffer>;
}

/** Reads pieces of a file, and none that it does not have: the library asks for what the file says. */
export function sliceable(handle: FileHandle, byteLength: number): ParquetFile {
  return {
    byteLength,
    async slice(start, end = byteLength) {
      if (!(start >= 0 && start <= end && end <= byteLength)) {
        throw new Error(`bytes ${start} to ${end} of a file of ${byteLength} are asked for`);
      }
      const bytes = new Uint8Array(end - start);
      for (let filled = 0; filled < bytes.length;) {
        const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, start + filled);
        if (bytesRead === 0) throw new Error(`the file ends at byte ${start + filled}`);
        filled += bytesRead;
      }
      return bytes.buffer;
    },
  };
}

const MAGIC = 'PAR1';
/** Magic, an empty footer's length and magic. */
const LEAST_BYTES = 12;

/** Refuses what does not begin and end as a Parquet file. */
export async function checkMagic(source: ParquetFile): Promise<void> {
  const { byteLength } = source;
  if (byteLength < LEAST_BYTES) throw new Error(`${byteLength} bytes are too few`);
  for (const start of [0, byteLength - MAGIC.length]) {
    const magic = Buffer.from(await source.slice(start, start + MAGIC.length)).toString('latin1');
    if (magic !== MAGIC) throw new Error(`bytes ${start} to ${start + MAGIC.length} are not ${MAGIC}`);
  }
}
