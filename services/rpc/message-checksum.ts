import { crc32 } from 'node:zlib';

/** The tag of field 14, four bytes: `checksum` of both messages of the stream. */
const TAG = (14 << 3) | 5;
const BYTES = 5;

/** A message with the checksum of its bytes behind them. */
export function withChecksum(message: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(message.length + BYTES);
  message.copy(bytes);
  bytes[message.length] = TAG;
  bytes.writeUInt32LE(crc32(message), message.length + 1);
  return bytes;
}

/**
 * What was read of the bytes, without the checksum; that may be missing.
 *
 * @throws Error where the bytes are not those that were sent
 */
export function checked(loaded: object, bytes: Buffer): object {
  const { checksum, _checksum, ...message } = loaded as Readonly<Record<string, unknown>>;
  if (_checksum === undefined) return message;
  if (checksum !== crc32(bytes.subarray(0, -BYTES))) throw new Error('its checksum is wrong');
  return message;
}
