import type { ErrorCode } from '../../core/errors/catalogue.js';
import { LocopropError, type ErrorDetails } from '../../core/errors/error.js';
import type { ByteReader } from './byte-stream.js';
import type { ParquetFrame } from './parquet-decode.js';

type ValuesFrame = Extract<ParquetFrame, { kind: 'values' }>;

/** A frame between the decoding process and its parent: this as JSON, then the values' bytes, if any. */
export type WireHead =
  | Extract<ParquetFrame, { kind: 'table' }>
  | (Omit<ValuesFrame, 'values'> & { readonly values: number })
  | { readonly kind: 'error'; readonly code: ErrorCode; readonly details: ErrorDetails }
  | { readonly kind: 'end' };

const LENGTH_BYTES = 4;

/** The bytes of a frame, in pieces: length of the head, head, values in the machine's byte order. */
export function frameBytes(head: WireHead, values?: Float32Array): Uint8Array[] {
  const text = Buffer.from(JSON.stringify(head));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(text.length);
  const start = Buffer.concat([length, text]);
  return values === undefined
    ? [start]
    : [start, new Uint8Array(values.buffer, values.byteOffset, values.byteLength)];
}

/**
 * The frames that the decoding process writes.
 *
 * @param lost makes the error for an output that breaks off
 * @throws LocopropError the one that the process met, or the lost one
 */
export async function* readFrames(
  reader: ByteReader,
  lost: (cause: unknown) => LocopropError,
): AsyncGenerator<ParquetFrame, void> {
  const take = async (count: number): Promise<DataView<ArrayBuffer>> => {
    try {
      return await reader.take(count);
    } catch (cause) {
      throw lost(cause);
    }
  };
  for (;;) {
    const length = (await take(LENGTH_BYTES)).getUint32(0, true);
    const head = JSON.parse(Buffer.from((await take(length)).buffer).toString()) as WireHead;
    if (head.kind === 'end') return;
    if (head.kind === 'error') throw new LocopropError(head.code, head.details);
    if (head.kind === 'table') yield head;
    else
      yield {
        ...head,
        values: new Float32Array((await take(head.values * Float32Array.BYTES_PER_ELEMENT)).buffer),
      };
  }
}
