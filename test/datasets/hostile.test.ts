import { randomStream, type RandomStream } from '#core/random.js';
import { LocopropError } from '#core/errors/error.js';
import { readCsv } from '#services/datasets/csv.js';
import { readIdx } from '#services/datasets/idx.js';
import { readNpy } from '#services/datasets/npy.js';
import { readNpz } from '#services/datasets/npz.js';
import { assembleParquet, readParquet } from '#services/datasets/parquet.js';
import { decodeParquet } from '#services/datasets/parquet-decode.js';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { countingBytes, fixture, idxBytes, MAX_BYTES, temporaryFolder } from './support.js';

const folder = await temporaryFolder();
const idx = idxBytes([3, 4, 5], countingBytes(60));

interface Format {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly read: (file: string) => Promise<unknown>;
  /** How many mutations are tried, and how they are read if otherwise. */
  readonly mutations: number;
  readonly readMutated?: (file: string) => Promise<unknown>;
}

const formats: readonly Format[] = [
  { name: 'idx', bytes: idx, read: (file) => readIdx(file, MAX_BYTES), mutations: 300 },
  { name: 'idx.gz', bytes: gzipSync(idx), read: (file) => readIdx(file, MAX_BYTES), mutations: 300 },
  {
    name: 'npy',
    bytes: await readFile(fixture('float32.npy')),
    read: (file) => readNpy(file, MAX_BYTES),
    mutations: 300,
  },
  {
    name: 'npz',
    bytes: await readFile(fixture('deflated.npz')),
    read: (file) =>
      readNpz(file, (names) => ({ inputs: names[0] ?? null, labels: names[1] ?? null }), MAX_BYTES),
    mutations: 300,
  },
  {
    name: 'csv.gz',
    bytes: gzipSync('a,b\n1,2\n3,4\n'),
    read: (file) => readCsv(file, {}, MAX_BYTES),
    mutations: 200,
  },
  {
    name: 'parquet',
    bytes: await readFile(fixture('small.parquet')),
    // In this process: cutting off cannot make it run out of memory, and a process for each cut would take minutes.
    read: (file) => assembleParquet(file, decodeParquet(file, {}), MAX_BYTES),
    mutations: 10,
    readMutated: (file) => readParquet(file, {}, MAX_BYTES),
  },
];

/** The code of the refusal, 'read' when there is none; anything but an error of the catalogue fails. */
async function outcome(read: () => Promise<unknown>): Promise<string> {
  try {
    await read();
    return 'read';
  } catch (error) {
    if (error instanceof LocopropError) return error.code;
    throw error;
  }
}

/** Flips, overwrites, removes, repeats or inserts some bytes. */
function mutate(bytes: Uint8Array, stream: RandomStream): Uint8Array {
  const mutated = [...bytes];
  for (let change = stream.integerBelow(4); change >= 0; change -= 1) {
    const at = stream.integerBelow(mutated.length);
    const length = 1 + stream.integerBelow(8);
    const random = Array.from({ length }, () => stream.integerBelow(256));
    const extreme = Array.from({ length }, () => 255);
    const kinds: readonly (() => void)[] = [
      () => (mutated[at] = (mutated[at] ?? 0) ^ (1 << stream.integerBelow(8))),
      () => mutated.splice(at, length, ...random),
      () => mutated.splice(at, length, ...extreme),
      () => mutated.splice(at, length),
      () => mutated.splice(at, 0, ...mutated.slice(at, at + length)),
      () => mutated.splice(at, 0, ...random),
    ];
    kinds[stream.integerBelow(kinds.length)]?.();
  }
  return Uint8Array.from(mutated);
}

describe.each(formats)(
  'a hostile file of the format $name',
  ({ name, bytes, read, mutations, readMutated = read }) => {
    it('is refused when it is cut off at any byte', async () => {
      const file = join(folder, `cut.${name}`);
      await writeFile(file, bytes);
      expect(await outcome(() => read(file))).toBe('read');
      for (let length = 0; length < bytes.length; length += 1) {
        await writeFile(file, bytes.subarray(0, length));
        expect(await outcome(() => read(file)), `cut to ${length} bytes`).toMatch(/^DATA_/);
      }
    });

    it('is read or refused, whatever bytes are changed', async () => {
      const seed = 20_240_501;
      const stream = randomStream(seed, 'mutations', name);
      const file = join(folder, `mutated.${name}`);
      for (let mutation = 0; mutation < mutations; mutation += 1) {
        await writeFile(file, mutate(bytes, stream));
        expect(await outcome(() => readMutated(file)), `mutation ${mutation} of seed ${seed}`).toMatch(
          /^(DATA_|read)/,
        );
      }
    });
  },
);
