import type { TensorChunk } from './messages.js';

/*
 * A chunk as the message of a stream, by hand: the protobuf encoding of a WorkerMessage or
 * CoordinatorMessage whose `chunk` is set, without copying the entries. Tags are (number << 3) | type,
 * type 0 for varints, 2 for lengths, 5 for 32 bits (https://protobuf.dev/programming-guides/encoding).
 */

const CHUNK = (15 << 3) | 2;
const ID = (1 << 3) | 0;
const OFFSET = (2 << 3) | 0;
const CRC32 = (3 << 3) | 5;
const PAD = (15 << 3) | 2;
/** (16 << 3) | 2 takes two bytes. */
const DATA = [0x82, 0x01] as const;

/** gRPC's prefix: a flag and the length. */
const PREFIX_BYTES = 5;

/** Room for everything in front of the entries. */
export const MAX_CHUNK_HEADER_BYTES = 64;

/** Whether a message of a stream is a chunk: no other message has its field number. */
export const isChunk = (message: Uint8Array): boolean => message[0] === CHUNK;

/**
 * Writes what stands in front of a chunk's entries so that it ends just before them.
 *
 * @param target holds the entries from `dataStart` on, after at least MAX_CHUNK_HEADER_BYTES of room
 * @returns where in `target` the message starts; it ends with the entries
 */
export function writeChunkHeader(
  target: Uint8Array,
  dataStart: number,
  chunk: { readonly id: number; readonly offset: number; readonly crc32: number; readonly length: number },
): number {
  const unpadded =
    1 + varintLength(chunk.id) + 1 + varintLength(chunk.offset) + 5 + 2 + 2 + varintLength(chunk.length);
  const outerLength = varintLength(unpadded + 3 + chunk.length);
  const pad = -(PREFIX_BYTES + 1 + outerLength + unpadded) & 3;
  const inner = unpadded + pad;
  const start = dataStart - inner - outerLength - 1;

  let at = start;
  target[at++] = CHUNK;
  at = writeVarint(target, at, inner + chunk.length, outerLength);
  target[at++] = ID;
  at = writeVarint(target, at, chunk.id);
  target[at++] = OFFSET;
  at = writeVarint(target, at, chunk.offset);
  target[at++] = CRC32;
  for (let shift = 0; shift < 32; shift += 8) target[at++] = chunk.crc32 >>> shift;
  target[at++] = PAD;
  target[at++] = pad;
  for (let zero = 0; zero < pad; zero++) target[at++] = 0;
  for (const byte of DATA) target[at++] = byte;
  writeVarint(target, at, chunk.length);
  return start;
}

/**
 * Reads a chunk whose fields stand in their order; its data is a view of the message.
 *
 * @returns null for everything else, which may still be a chunk: the general codec says
 */
export function readChunk(message: Uint8Array): TensorChunk | null {
  const reader = new FieldReader(message);
  if (!reader.take(CHUNK) || reader.varint() !== message.length - reader.at) return null;
  const id = reader.take(ID) ? reader.varint() : 0;
  const offset = reader.take(OFFSET) ? reader.varint() : 0;
  const crc32 = reader.take(CRC32) ? reader.fixed32() : 0;
  const pad = reader.take(PAD) ? reader.varint() : 0;
  reader.at += pad;
  const data = reader.take(DATA[0]) && reader.take(DATA[1]) ? reader.varint() : 0;
  // NaN, of a field that is cut off or too large, equals nothing.
  if (reader.at + data !== message.length || Number.isNaN(id + offset + crc32)) return null;
  return { id, offset, crc32, data: message.subarray(reader.at) };
}

class FieldReader {
  at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  take(byte: number): boolean {
    if (this.bytes[this.at] !== byte) return false;
    this.at += 1;
    return true;
  }

  /** NaN where it is cut off or too large to be exact. */
  varint(): number {
    let value = 0;
    for (let factor = 1; factor <= 2 ** 49; factor *= 128) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) return NaN;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return Number.isSafeInteger(value) ? value : NaN;
    }
    return NaN;
  }

  fixed32(): number {
    const { bytes, at } = this;
    this.at += 4;
    if (this.at > bytes.length) return NaN;
    return new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);
  }
}

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) length += 1;
  return length;
}

/** @param length more than needed is filled with zeros, which is allowed */
function writeVarint(target: Uint8Array, at: number, value: number, length = varintLength(value)): number {
  let rest = value;
  for (let index = 0; index < length; index++) {
    target[at + index] = (rest % 128) | (index + 1 < length ? 0x80 : 0);
    rest = Math.floor(rest / 128);
  }
  return at + length;
}
