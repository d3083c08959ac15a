import { readIdx } from '#services/datasets/idx.js';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { countingBytes, expectRefusal, idxBytes, MAX_BYTES, temporaryFolder } from './support.js';

const folder = await temporaryFolder();
let files = 0;
async function saved(bytes: Uint8Array): Promise<string> {
  files += 1;
  const file = join(folder, `${files}-idx3-ubyte`);
  await writeFile(file, bytes);
  return file;
}
const read = async (bytes: Uint8Array, maxBytes = MAX_BYTES) => readIdx(await saved(bytes), maxBytes);

describe('an IDX file', () => {
  it('of bytes is read as bytes, plain or gzip', async () => {
    const bytes = idxBytes([2, 3, 4], countingBytes(24));
    for (const stored of [bytes, gzipSync(bytes)]) {
      const { shape, data } = await read(stored);
      expect(shape).toEqual([2, 3, 4]);
      expect(data).toEqual(countingBytes(24));
    }
  });

  it('of other numbers is read big-endian', async () => {
    const doubles = Buffer.alloc(16);
    doubles.writeDoubleBE(-1.5, 0);
    doubles.writeDoubleBE(1e-3, 8);
    expect((await read(idxBytes([2], doubles, 0x0e))).data).toEqual(Float32Array.of(-1.5, 1e-3));
    const integers = Buffer.from([0x80, 0, 0, 1, 0, 0, 1, 2]);
    expect((await read(idxBytes([2], integers, 0x0c))).data).toEqual(Float32Array.of(-2147483647, 258));
    expect((await read(idxBytes([2], Buffer.from([0xff, 0xfe, 1, 0]), 0x0b))).data).toEqual(
      Float32Array.of(-2, 256),
    );
    expect((await read(idxBytes([2], Buffer.from([0xff, 1]), 0x09))).data).toEqual(Float32Array.of(-1, 1));
  });

  it('is refused with another magic number', async () => {
    await expectRefusal(
      read(Buffer.from('PK\x03\x04abcdefgh')),
      'DATA_MALFORMED',
      /at byte 0: 0x504b0304 is no IDX/,
    );
    await expectRefusal(
      read(idxBytes([2], countingBytes(2), 0x0a)),
      'DATA_MALFORMED',
      /at byte 0: 0x00000a01/,
    );
    await expectRefusal(read(Buffer.from([0, 0, 8, 0])), 'DATA_MALFORMED', /at byte 3: 0 dimensions/);
    await expectRefusal(read(Buffer.from([0, 0, 8, 200])), 'DATA_MALFORMED', /at byte 3: 200 dimensions/);
  });

  it('is refused when it is empty or holds no example', async () => {
    await expectRefusal(
      read(Buffer.alloc(0)),
      'DATA_MALFORMED',
      /at byte 0: the data end here, 4 bytes too early/,
    );
    await expectRefusal(
      read(idxBytes([0, 28, 28], Buffer.alloc(0))),
      'DATA_MALFORMED',
      /0 × 28 × 28 holds no example/,
    );
  });

  it('is refused before memory is taken when it declares more than it can hold', async () => {
    const huge = idxBytes([0xffffffff, 0xffffffff, 0xffffffff], countingBytes(100));
    await expectRefusal(read(huge), 'DATA_MALFORMED', /at byte 16: .* at most 100 can follow/);
    const compressed = gzipSync(huge);
    await expectRefusal(read(compressed), 'DATA_MALFORMED', /at most \d+ can follow/);
  });

  it('is refused when it decompresses to more than it declares', async () => {
    const bomb = gzipSync(Buffer.concat([idxBytes([10], countingBytes(10)), Buffer.alloc(50_000_000)]));
    const before = process.memoryUsage().arrayBuffers;
    await expectRefusal(read(bomb), 'DATA_MALFORMED', /at byte 18: the data should end here/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000);
  });

  it('is refused above the limit of memory', async () => {
    const bytes = idxBytes([4, 250], countingBytes(1000));
    await expectRefusal(
      read(bytes, 999),
      'DATA_TOO_LARGE',
      /would take 1000 bytes in memory; the limit is 999/,
    );
  });

  it('is refused with numbers that are not finite, and says which', async () => {
    const floats = Buffer.alloc(24);
    floats.writeFloatBE(Number.NaN, 16);
    const refused = read(idxBytes([2, 3], floats, 0x0d));
    await expectRefusal(refused, 'DATA_NOT_FINITE', /holds NaN: feature 1 of example 1/);
  });

  it('is refused when a gzip file is damaged', async () => {
    const damaged = gzipSync(idxBytes([100], countingBytes(100)));
    damaged.writeUInt8(damaged.readUInt8(damaged.length - 8) ^ 1, damaged.length - 8);
    await expectRefusal(read(damaged), 'DATA_MALFORMED', /incorrect data check/);
  });

  it('is refused when it does not exist or is a folder', async () => {
    await expectRefusal(readIdx(join(folder, 'none'), MAX_BYTES), 'DATA_FILE_MISSING', /none does not exist/);
    await expectRefusal(
      readIdx(join(folder, 'none', 'x'), MAX_BYTES),
      'DATA_FILE_MISSING',
      /none.x does not exist/,
    );
    await mkdir(join(folder, 'sub'));
    await expectRefusal(
      readIdx(join(folder, 'sub'), MAX_BYTES),
      'DATA_FILE_UNREADABLE',
      /not a regular file/,
    );
    await expectRefusal(readIdx('/dev/zero', MAX_BYTES), 'DATA_FILE_UNREADABLE', /not a regular file/);
    await expectRefusal(readIdx('bad\0name', MAX_BYTES), 'DATA_FILE_UNREADABLE', /null byte/);
  });
});
