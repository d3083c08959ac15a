import { crc32c } from './crc32c.js';

const LENGTH_BYTES = 8;
const CHECKSUM_BYTES = 4;

/**
 * A record of a TFRecord file: length (uint64), its checksum, the data, their checksum, all little endian.
 * https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
 */
export function record(data: Uint8Array): Uint8Array {
  const start = LENGTH_BYTES + CHECKSUM_BYTES;
  const bytes = Buffer.alloc(start + data.length + CHECKSUM_BYTES);
  bytes.writeBigUInt64LE(BigInt(data.length));
  bytes.writeUInt32LE(masked(crc32c(bytes.subarray(0, LENGTH_BYTES))), LENGTH_BYTES);
  bytes.set(data, start);
  bytes.writeUInt32LE(masked(crc32c(data)), start + data.length);
  return bytes;
}

/** The format masks checksums, as data may hold checksums themselves. */
const masked = (checksum: number): number => (((checksum >>> 15) | (checksum << 17)) + 0xa282_ead8) >>> 0;
