import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32c } from '#services/tracking/tensorboard/crc32c.js';

/** A record of an event file, read by hand. */
export interface ReadEvent {
  readonly seconds: number;
  readonly step: number;
  readonly version: string | null;
  readonly restarts: boolean;
  readonly tag: string | null;
  readonly value: number | null;
}

/** The data of the records of a file, whose checksums must be right and whose end must be that of a record. */
export function recordsOf(bytes: Buffer): Buffer[] {
  const records: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = Number(bytes.readBigUInt64LE(at));
    const data = bytes.subarray(at + 12, at + 12 + length);
    const checksums = [bytes.readUInt32LE(at + 8), bytes.readUInt32LE(at + 12 + length)];
    // How TensorFlow's record reader unmasks them.
    const unmasked = checksums.map((masked) => {
      const rotated = (masked - 0xa282ead8) >>> 0;
      return ((rotated >>> 17) | (rotated << 15)) >>> 0;
    });
    if (unmasked[0] !== crc32c(bytes.subarray(at, at + 8)) || unmasked[1] !== crc32c(data))
      throw new Error(`the record at ${at} has a wrong checksum`);
    records.push(data);
    at += 16 + length;
  }
  return records;
}

/** The fields of a protobuf message by number; of each only the last one. */
function fieldsOf(bytes: Buffer): Map<number, Buffer | number> {
  const fields = new Map<number, Buffer | number>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  const take = (length: number): Buffer => bytes.subarray(at, (at += length));
  while (at < bytes.length) {
    const key = varint();
    const type = key & 7;
    const value = type === 0 ? varint() : take(type === 1 ? 8 : type === 5 ? 4 : varint());
    fields.set(key >> 3, value);
  }
  return fields;
}

function readEvent(bytes: Buffer): ReadEvent {
  const event = fieldsOf(bytes);
  const inner = (fields: Map<number, Buffer | number>, number: number): Map<number, Buffer | number> =>
    fieldsOf((fields.get(number) as Buffer | undefined) ?? Buffer.alloc(0));
  const value = inner(inner(event, 5), 1);
  return {
    seconds: (event.get(1) as Buffer).readDoubleLE(),
    step: Number(event.get(2) ?? 0),
    version: event.get(3)?.toString() ?? null,
    restarts: inner(event, 7).get(1) === 1,
    tag: value.get(1)?.toString() ?? null,
    value: (value.get(2) as Buffer | undefined)?.readFloatLE() ?? null,
  };
}

export const eventFilesIn = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.includes('tfevents'))
    .toSorted();

/** All records of the event files in a folder, in their order. */
export const eventsIn = (folder: string): ReadEvent[] =>
  eventFilesIn(folder).flatMap((name) => recordsOf(readFileSync(join(folder, name))).map(readEvent));

/** The steps of each curve; what stands before a restart is void, as it is to TensorBoard. */
export function stepsIn(folder: string): Record<string, number[]> {
  let curves: Record<string, number[]> = {};
  for (const { tag, step, restarts } of eventsIn(folder)) {
    if (restarts) curves = {};
    if (tag !== null) (curves[tag] ??= []).push(step);
  }
  return curves;
}
