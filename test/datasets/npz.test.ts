import { readNpz } from '#services/datasets/npz.js';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { expectRefusal, fixture, MAX_BYTES, temporaryFolder } from './support.js';

const folder = await temporaryFolder();
const inputs = Float32Array.from({ length: 15 }, (_, index) => index / 4 - 1);

interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly stored: Uint8Array;
  readonly size: number;
  readonly checksum: number;
}

/** A zip archive by PKWARE's APPNOTE, with whatever sizes and checksums the entries claim. */
function zip(entries: readonly ZipEntry[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, method, stored, size, checksum } of entries) {
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(method, 4);
    common.writeUInt32LE(checksum, 10);
    common.writeUInt32LE(stored.length, 14);
    common.writeUInt32LE(size, 18);
    common.writeUInt16LE(name.length, 22);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    common.copy(central, 6);
    central.writeUInt32LE(offset, 42);
    directory.push(central, Buffer.from(name));
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, Buffer.from(name), stored]);
    parts.push(local);
    offset += local.length;
  }
  const listing = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(listing.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, listing, end]);
}

const deflated = (name: string, content: Uint8Array, claim: Partial<ZipEntry> = {}): ZipEntry => ({
  name,
  method: 8,
  stored: deflateRawSync(content),
  size: content.length,
  checksum: crc32(content),
  ...claim,
});

let files = 0;
async function readArchive(entries: readonly ZipEntry[]) {
  files += 1;
  const file = join(folder, `${files}.npz`);
  await writeFile(file, zip(entries));
  return readNpz(file, () => ({ inputs: 'x' }), MAX_BYTES);
}

const array = await readFile(fixture('float32.npy'));

describe('an NPZ file', () => {
  it('written by NumPy is read, stored or deflated', async () => {
    const names: string[][] = [];
    const choose = (found: readonly string[], chosen: Record<'inputs' | 'labels', string>) => {
      names.push([...found]);
      return chosen;
    };
    const stored = await readNpz(
      fixture('stored.npz'),
      (found) => choose(found, { inputs: 'x', labels: 'y' }),
      MAX_BYTES,
    );
    const deflated = await readNpz(
      fixture('deflated.npz'),
      (found) => choose(found, { inputs: 'x_train', labels: 'y_train' }),
      MAX_BYTES,
    );
    expect(names).toEqual([
      ['x', 'y', 'other'],
      ['x_train', 'y_train', 'x_test', 'y_test'],
    ]);
    for (const { inputs: x, labels: y } of [stored, deflated]) {
      expect(x?.shape).toEqual([5, 3]);
      expect(x?.data).toEqual(inputs);
      expect(y?.data).toEqual(Float32Array.of(0, 1, 2, 0, 1));
    }
  });

  it('is refused when it is no zip archive', async () => {
    const refused = readNpz(fixture('float32.npy'), () => ({ inputs: 'x' }), MAX_BYTES);
    await expectRefusal(refused, 'DATA_MALFORMED', /float32.npy .* in the zip directory: /);
  });

  it('is refused when its checksum is wrong', async () => {
    const refused = readArchive([deflated('x.npy', array, { checksum: 1 })]);
    await expectRefusal(refused, 'DATA_MALFORMED', /of x.npy: .* CRC-32/);
  });

  it('is refused when an entry holds more or less than it claims', async () => {
    const bomb = Buffer.concat([array, Buffer.alloc(50_000_000)]);
    const before = process.memoryUsage().arrayBuffers;
    await expectRefusal(
      readArchive([deflated('x.npy', bomb, { size: array.length })]),
      'DATA_MALFORMED',
      /of x.npy/,
    );
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000);
    const lying = deflated('x.npy', array, { size: 0xfffffff0 });
    await expectRefusal(readArchive([lying]), 'DATA_MALFORMED', /cannot hold 4294967280/);
    await expectRefusal(
      readArchive([deflated('x.npy', array.subarray(0, 150))]),
      'DATA_MALFORMED',
      /at most 22 can follow/,
    );
    const unlike = { ...deflated('x.npy', array), method: 0 };
    await expectRefusal(readArchive([unlike]), 'DATA_MALFORMED', /in the zip directory/);
  });

  it('is refused when it holds a name twice, a name that leads outside, or another compression', async () => {
    const twice = [deflated('x.npy', array), deflated('x.npy', array)];
    await expectRefusal(readArchive(twice), 'DATA_MALFORMED', /two entries "x.npy"/);
    await expectRefusal(readArchive([deflated('../x.npy', array)]), 'DATA_MALFORMED', /relative path/);
    await expectRefusal(
      readArchive([deflated('x.npy', array, { method: 12 })]),
      'DATA_MALFORMED',
      /not compressed by deflate/,
    );
  });
});
