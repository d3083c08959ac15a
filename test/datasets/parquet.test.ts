import type { ColumnRequest } from '#services/datasets/columns.js';
import { readParquet } from '#services/datasets/parquet.js';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expectRefusal, fixture, MAX_BYTES, temporaryFolder } from './support.js';

const folder = await temporaryFolder();
const inputs = Float32Array.from({ length: 15 }, (_, index) => index / 4 - 1);
const request: ColumnRequest = {
  inputs: ['a', 'b', 'c'],
  labels: 'label',
  targets: ['target', 'small', 'flag'],
};
const read = (name: string, columns = request, maxBytes = MAX_BYTES) =>
  readParquet(fixture(name), columns, maxBytes);

/** A thrift compact-protocol field of the type of i32, 8 bits or less. */
const field = (delta: number, value: number): number[] => [(delta << 4) | 5, value << 1];

describe('a Parquet file', () => {
  it.each(['none', 'snappy', 'gzip', 'brotli', 'zstd', 'lz4', 'plain', 'pages2', 'required', 'encodings'])(
    'written by PyArrow is read: %s',
    async (name) => {
      const { inputs: x, labels, targets } = await read(`${name}.parquet`);
      expect(x).toEqual({ file: fixture(`${name}.parquet`), shape: [5, 3], data: inputs });
      expect(labels?.data).toEqual(Float32Array.of(0, 1, 2, 0, 1));
      expect(targets?.shape).toEqual([5, 3]);
      expect(targets?.data).toEqual(Float32Array.of(0, 0, 0, 0.5, 1, 1, 1, 2, 1, 1.5, 0, 0, 2, 1, 1));
    },
  );

  it('gives the columns that nobody names as inputs', async () => {
    const {
      inputs: x,
      labels,
      targets,
    } = await read('plain.parquet', { labels: 'label', targets: ['target', 'flag', 'small'] });
    expect(x.data).toEqual(inputs);
    expect(labels?.shape).toEqual([5, 1]);
    expect(targets?.shape).toEqual([5, 3]);
    expect((await read('plain.parquet', { inputs: ['c', 'a'] })).inputs.data).toEqual(
      Float32Array.from(
        { length: 10 },
        (_, index) => inputs[3 * (index >> 1) + (index % 2 === 0 ? 2 : 0)] as number,
      ),
    );
  });

  it('is refused with missing and infinite values, and says where', async () => {
    await expectRefusal(
      read('null.parquet', { inputs: ['a'] }),
      'DATA_NOT_FINITE',
      /holds no value: row 1, column "a"/,
    );
    await expectRefusal(read('infinite.parquet', {}), 'DATA_NOT_FINITE', /holds Infinity: row 2, column "a"/);
  });

  it('is refused without the columns that are asked for, and with columns of text', async () => {
    await expectRefusal(
      read('null.parquet', {}),
      'DATA_UNSUPPORTED',
      /column "text": it does not hold one number/,
    );
    await expectRefusal(
      read('null.parquet', { labels: 'z' }),
      'DATA_PART_MISSING',
      /no column "z"; it holds "a", "text"/,
    );
  });

  it('is refused above the limit of memory, or when it is no Parquet file', async () => {
    await expectRefusal(
      read('plain.parquet', request, 59),
      'DATA_TOO_LARGE',
      /take 60 bytes in memory; the limit is 59/,
    );
    await expectRefusal(read('stored.npz'), 'DATA_MALFORMED', /in its metadata: bytes 0 to 4 are not PAR1/);
    await expectRefusal(read('none'), 'DATA_FILE_MISSING', /none does not exist/);
  });

  it('is refused when it makes the decoder take more memory than it may, and the trainer lives on', async () => {
    // A list of 30 million lists of 30 million lists …, in the place of the metadata.
    const list = [0xf9, 0x80, 0x87, 0xa7, 0x0e];
    const metadata = Buffer.from([0x19, ...Array.from({ length: 200 }, () => list).flat()]);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(metadata.length);
    const file = join(folder, 'lists.parquet');
    await writeFile(file, Buffer.concat([Buffer.from('PAR1'), metadata, length, Buffer.from('PAR1')]));
    await expectRefusal(
      readParquet(file, {}, MAX_BYTES),
      'DATA_MALFORMED',
      /lists.parquet .*: decoding it took more than 512 MB/,
    );
  });

  it('is refused when a page declares more values or bytes than its column has', async () => {
    const bytes = await readFile(fixture('plain.parquet'));
    // The header of a page starts with its type 0 and its sizes; then its own header says 5 values.
    const page = bytes.indexOf(Buffer.from([...field(1, 0), ...field(1, 0)].slice(0, 2)), 4);
    const values = bytes.indexOf(Buffer.from([0x2c, ...field(1, 5)]), page);
    expect(values).toBeGreaterThan(0);
    const file = join(folder, 'values.parquet');
    await writeFile(file, bytes.with(values + 2, 60));
    await expectRefusal(
      readParquet(file, request, MAX_BYTES),
      'DATA_MALFORMED',
      /row group 0, column "a": .* declares 30 values/,
    );
  });

  it('is refused when nothing comes of decoding it for too long', async () => {
    const refused = readParquet(fixture('plain.parquet'), request, MAX_BYTES, 1);
    await expectRefusal(refused, 'DATA_MALFORMED', /0.001 s without a result/);
  });
});
