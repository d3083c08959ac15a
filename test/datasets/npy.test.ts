import { readNpy } from '#services/datasets/npy.js';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expectRefusal, fixture, MAX_BYTES, temporaryFolder } from './support.js';

const folder = await temporaryFolder();
const inputs = Float32Array.from({ length: 15 }, (_, index) => index / 4 - 1);
const read = (name: string) => readNpy(fixture(name), MAX_BYTES);

let files = 0;
/** Reads a file with a header of the test's own, and so many bytes behind it. */
async function readWithHeader(header: string | Buffer, bytes = 0) {
  files += 1;
  const file = join(folder, `${files}.npy`);
  const prefix = Buffer.from('\x93NUMPY\x01\x00\x00\x00', 'latin1');
  prefix.writeUInt16LE(header.length, 8);
  await writeFile(file, Buffer.concat([prefix, Buffer.from(header), Buffer.alloc(bytes)]));
  return readNpy(file, MAX_BYTES);
}

describe('an NPY file', () => {
  it.each(['float32.npy', 'float64-big-endian.npy', 'version2.npy', 'version3.npy'])(
    'written by NumPy is read: %s',
    async (name) => {
      expect(await read(name)).toEqual({ file: fixture(name), shape: [5, 3], data: inputs });
    },
  );

  it('of integers is read', async () => {
    expect((await read('int64.npy')).data).toEqual(Float32Array.of(0, 1, 2, 0, 1));
    expect((await read('int16-big-endian.npy')).data).toEqual(Float32Array.of(-1, 0, 1, -1, 0));
  });

  it('of bytes stays bytes', async () => {
    const { shape, data } = await read('bytes.npy');
    expect(shape).toEqual([2, 3, 4]);
    expect(data).toEqual(Uint8Array.from({ length: 24 }, (_, index) => index));
  });

  it('is refused with what training cannot use, and says how to save it', async () => {
    await expectRefusal(read('fortran.npy'), 'DATA_UNSUPPORTED', /Fortran order/);
    await expectRefusal(read('complex.npy'), 'DATA_UNSUPPORTED', /of type "<c8"/);
    await expectRefusal(read('structured.npy'), 'DATA_MALFORMED', /cannot be understood/);
  });

  it('is refused with NaN and with numbers beyond 32 bits, and says where', async () => {
    await expectRefusal(read('nan.npy'), 'DATA_NOT_FINITE', /holds NaN: feature 1 of example 2/);
    await expectRefusal(
      read('too-large.npy'),
      'DATA_NOT_FINITE',
      /holds 1e\+300, beyond .*: feature 0 of example 4/,
    );
  });

  it('may have its header in any order and spacing', async () => {
    const { shape } = await readWithHeader(`{"shape":( 2 ,3L) ,'fortran_order' : False,"descr":'|u1'} \n`, 6);
    expect(shape).toEqual([2, 3]);
  });

  it.each([
    [`{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': 1}`, /more than 3 items/],
    [`{'descr': '<f4', 'fortran_order': False}`, /no shape/],
    [`{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}`, /no fortran_order/],
    [`{'descr': '<f4', 'fortran_order': False, 'shape': (2, 'a')}`, /no shape/],
    [`{'descr': '<f4', 'fortran_order': False, 'shape': (2, -1)}`, /character/],
    [`{'descr': '<f4', 'fortran_order': False, 'shape': ()}`, /holds no example/],
    [`{'descr': '<f4', 'fortran_order': False, 'shape': (0, 3)}`, /holds no example/],
    [`{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1)}`, /more than 8 items/],
    [
      `{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999999999, 9999999999999999)}`,
      /at most 0 can follow/,
    ],
    [`{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}`, /character/],
    [`{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} exit()`, /goes on/],
    [`{'descr': '<f4' 'fortran_order': False, 'shape': (1,)}`, /lacks \}/],
    [`__import__('os')`, /lacks \{/],
    [``, /lacks \{/],
    ['('.repeat(60_000), /lacks \{/],
  ])('is refused with the header %s', async (header, reason) => {
    await expectRefusal(readWithHeader(header), 'DATA_MALFORMED', reason);
  });
});
