import type { DataSource, DataSplit, TargetKind } from '#core/dataset.js';
import { loadDataset } from '#services/datasets/load.js';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { countingBytes, expectRefusal, fixture, idxBytes, temporaryFolder } from './support.js';

const folder = await temporaryFolder();
const inputs = Float32Array.from({ length: 15 }, (_, index) => index / 4 - 1);

const load = (
  source: DataSource,
  {
    targets = 'inputs',
    split = 'train',
    directory = fixture(''),
    seed = 1,
  }: {
    targets?: TargetKind;
    split?: DataSplit;
    directory?: string;
    seed?: number;
  } = {},
) => loadDataset(source, { directory, seed, split, targets, environment: {} });

describe('a data source', () => {
  it('of NPY files has an array a file, relative to the folder of the spec', async () => {
    const source = { file: 'float32.npy', labels: './int64.npy', targets: 'float64-big-endian.npy' };
    expect(await load(source, { targets: 'labels' })).toEqual({
      name: 'float32.npy',
      examples: 5,
      features: 3,
      inputs,
      scale: 1,
      labels: Int32Array.of(0, 1, 2, 0, 1),
      classes: 3,
      targets: { width: 3, data: inputs },
      image: null,
    });
  });

  it('of IDX files has bytes that are scaled, and pictures', async () => {
    await writeFile(join(folder, 'x-idx3-ubyte'), idxBytes([4, 2, 3], countingBytes(24)));
    await writeFile(join(folder, 'y.idx'), idxBytes([4], Uint8Array.of(1, 0, 1, 3)));
    const source = { file: join(folder, 'x-idx3-ubyte'), labels: 'y.idx', classes: 5 };
    const dataset = await load(source, { directory: folder, targets: 'labels' });
    const { examples, features, scale, classes, image, labels } = dataset;
    expect({ examples, features, scale, classes, image }).toEqual({
      examples: 4,
      features: 6,
      scale: 1 / 255,
      classes: 5,
      image: { width: 3, height: 2 },
    });
    expect(labels).toEqual(Uint8Array.of(1, 0, 1, 3));
    expect((await load({ ...source, scale: 0.5 }, { directory: folder })).scale).toBe(0.5);
    await expectRefusal(
      load({ ...source, classes: 3 }, { directory: folder }),
      'DATA_LABEL_INVALID',
      /is 3; it must/,
    );
  });

  it('of an NPZ file finds arrays by split, by the usual names, or as named', async () => {
    const deflated = { file: 'deflated.npz' };
    expect((await load(deflated, { targets: 'labels' })).examples).toBe(5);
    const test = await load(deflated, { targets: 'labels', split: 'test' });
    expect([test.examples, test.labels]).toEqual([2, Int32Array.of(0, 1)]);
    expect((await load({ ...deflated, split: 'train' }, { split: 'test' })).examples).toBe(5);
    const stored = await load({ file: 'stored.npz' }, { targets: 'targets' });
    expect(stored.targets).toEqual({ width: 1, data: Float32Array.of(0, 1, 2, 0, 1) });
    const named = await load({ file: 'stored.npz', targets: 'other' }, { targets: 'targets' });
    expect(named.targets?.data).toEqual(Float32Array.of(0, 0.5, 1, 1.5, 2));
    await expectRefusal(
      load({ file: 'stored.npz', inputs: 'z' }),
      'DATA_PART_MISSING',
      /no array "z"; it holds "x", "y", "other"/,
    );
  });

  it('of a table has columns', async () => {
    await writeFile(join(folder, 'table.csv'), 'a,b,class\n1,2,1\n3,4,0\n');
    const csv = await load({ file: 'table.csv', labels: 'class' }, { directory: folder, targets: 'labels' });
    expect([csv.inputs, csv.labels, csv.scale]).toEqual([
      Float32Array.of(1, 2, 3, 4),
      Int32Array.of(1, 0),
      1,
    ]);
    const parquet = await load(
      { file: 'snappy.parquet', inputs: ['a', 'b', 'c'], labels: 'label' },
      { targets: 'labels' },
    );
    expect([parquet.inputs, parquet.labels]).toEqual([inputs, Int32Array.of(0, 1, 2, 0, 1)]);
  });

  it('can skip examples and take some', async () => {
    const part = await load({ file: 'float32.npy', labels: 'int64.npy', skip: 1, examples: 2 });
    expect([part.examples, part.inputs, part.labels]).toEqual([2, inputs.slice(3, 9), Int32Array.of(1, 2)]);
    const rest = load({ file: 'float32.npy', skip: 5 });
    await expectRefusal(
      rest,
      'DATA_TOO_FEW_EXAMPLES',
      /float32.npy has too few examples: 5, where 6 are asked for/,
    );
  });

  it('can hold out a share for the test, drawn by the seed', async () => {
    const source = { file: 'float32.npy', testShare: 0.4 };
    const train = await load(source);
    const test = await load(source, { split: 'test' });
    expect([train.examples, test.examples]).toEqual([3, 2]);
    const firsts = [...train.inputs, ...test.inputs].filter((_, index) => index % 3 === 0);
    expect(firsts.sort((a, b) => a - b)).toEqual([-1, -0.25, 0.5, 1.25, 2]);
    const seeds = await Promise.all([1, 2, 3, 4, 5].map((seed) => load(source, { split: 'test', seed })));
    expect(new Set(seeds.map((dataset) => dataset.inputs.join())).size).toBeGreaterThan(1);
    await expectRefusal(
      load({ ...source, testShare: 0.01 }, { split: 'test' }),
      'DATA_TOO_FEW_EXAMPLES',
      /too few examples: 0,/,
    );
  });

  it('is refused without what the network learns', async () => {
    await expectRefusal(
      load({ file: 'float32.npy' }, { targets: 'labels' }),
      'DATA_TARGETS_MISSING',
      /learns labels, but .* none/,
    );
    const curves = { dataset: 'curves', examples: 2 } as const;
    await expectRefusal(load(curves, { targets: 'targets' }), 'DATA_TARGETS_MISSING', /curves has none/);
  });

  it('is refused when its parts do not belong together', async () => {
    const labels = { file: 'float32.npy', labels: 'bytes.npy' };
    await expectRefusal(load(labels), 'DATA_COUNTS_DIFFER', /holds 5, .*bytes.npy holds labels of 2/);
    const wide = { file: 'float32.npy', labels: 'float64-big-endian.npy' };
    await expectRefusal(load(wide), 'DATA_SOURCE_INVALID', /labels of the shape 5 × 3 are not one for each/);
    const negative = { file: 'float32.npy', labels: 'int16-big-endian.npy' };
    await expectRefusal(load(negative), 'DATA_LABEL_INVALID', /label of example 0 .* is -1/);
    const fractions = { file: 'stored.npz', labels: 'other' };
    await expectRefusal(load(fractions), 'DATA_LABEL_INVALID', /label of example 1 .* is 0.5/);
    await expectRefusal(
      load({ file: 'float32.npy', inputs: 'x' }),
      'DATA_SOURCE_INVALID',
      /`inputs` cannot name/,
    );
    await expectRefusal(
      load({ file: 'float32.npy', labels: 3 }),
      'DATA_SOURCE_INVALID',
      /`labels` must be a file/,
    );
  });

  it('is refused when its file is missing or of an unknown format', async () => {
    await expectRefusal(load({ file: 'none.npy' }), 'DATA_FILE_MISSING', /fixtures\/none.npy does not exist/);
    await expectRefusal(load({ file: 'make.py' }), 'DATA_FORMAT_UNKNOWN', /make.py/);
    await expectRefusal(
      load({ file: 'make.py', format: 'npz' }),
      'DATA_MALFORMED',
      /make.py is damaged or no NPZ/,
    );
  });
});
