import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { failureOf } from '../store/support.js';
import { chunksOf, type NewPlace, openStore } from './support.js';

const sha256 = (...chunks: (string | Uint8Array)[]): string => {
  const hash = createHash('sha256');
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
};

const options = { name: 'train.csv', limit: 1000, digest: null };
const UNKNOWN = sha256('unknown');

/** What holds of uploaded data sets in every store. */
export const describeDatasets = (newPlace: NewPlace): void => {
  describe('a data set', () => {
    it('is kept under its SHA-256, once, and gives its bytes', async () => {
      const place = await newPlace();
      const now = new Date('2026-01-02T03:04:05Z');
      const { store } = await openStore(place, { clock: () => now });
      const { store: other } = await openStore(place);
      expect(await store.datasets()).toEqual([]);
      const id = sha256('1,2\n3,4\n');
      const stored = await store.addDataset(chunksOf('1,2\n', '3,4\n'), { ...options, digest: id });
      expect(stored).toEqual({ id, name: 'train.csv', bytes: 8, uploadedAt: now.toISOString() });
      expect(await other.addDataset(chunksOf('1,2\n3,4\n'), { ...options, name: 'b.csv' })).toEqual(stored);
      const empty = await store.addDataset(chunksOf(), options);
      expect(empty).toMatchObject({ id: sha256(''), bytes: 0 });

      for (const one of [store, other]) {
        expect(await one.dataset(id)).toEqual(stored);
        expect((await one.datasets()).map((dataset) => dataset.id).toSorted()).toEqual(
          [id, empty.id].toSorted(),
        );
        const paths = await Promise.all([one.datasetFile(id), one.datasetFile(id)]);
        expect(paths[0]).toBe(paths[1]);
        expect(basename(paths[0]!)).toBe('train.csv');
        expect(await readFile(paths[0]!, 'utf8')).toBe('1,2\n3,4\n');
        expect(await one.datasetFile(id)).toBe(paths[0]);
      }
      await store.removeDataset(id);
      await store.removeDataset(id);
      expect(await other.dataset(id)).toBeNull();
      expect(await other.datasetFile(id)).toBeNull();
      expect((await other.datasets()).map((dataset) => dataset.id)).toEqual([empty.id]);
    });

    it('of many parts, sent several times at once, is one', async () => {
      const place = await newPlace();
      const { store } = await openStore(place);
      const chunks = Array.from({ length: 20 }, (_, i) => new Uint8Array(1 << 20).fill(i));
      const names = ['a.npz', 'b.npz', 'c.npz'];
      const stored = await Promise.all(
        names.map((name) => store.addDataset(chunksOf(...chunks), { ...options, name, limit: 1 << 30 })),
      );
      const id = sha256(...chunks);
      const kept = await store.dataset(id);
      expect(kept).toMatchObject({ id, bytes: 20 << 20 });
      for (const one of stored) expect(one).toEqual(kept);
      expect(sha256(await readFile((await store.datasetFile(id))!))).toBe(id);
      expect(await place.keys()).toEqual([`datasets/${id}.json`, `datasets/${id}/${kept!.name}`]);
    });

    it('that is too large, another than announced, or cut off leaves nothing', async () => {
      const place = await newPlace();
      const { store } = await openStore(place);
      const add = (content: AsyncIterable<Uint8Array>, limit: number, digest: string | null) =>
        failureOf(store.addDataset(content, { name: 'a.csv', limit, digest }));
      expect(await add(chunksOf('12345', '6'), 5, null)).toMatchObject({
        code: 'DATASET_TOO_LARGE',
        details: { limit: 5 },
      });
      expect(await add(chunksOf('123'), 5, UNKNOWN)).toMatchObject({
        code: 'DATASET_DIGEST_MISMATCH',
        details: { found: sha256('123'), announced: UNKNOWN },
      });
      const lost = new Error('the connection was lost');
      async function* broken(): AsyncGenerator<Uint8Array> {
        yield* chunksOf('12');
        throw lost;
      }
      expect(await add(broken(), 5, null)).toBe(lost);
      expect(await place.keys()).toEqual([]);
      expect(await store.addDataset(chunksOf('12345'), { ...options, limit: 5 })).toMatchObject({ bytes: 5 });
    });

    it.each([
      ['../../etc/passwd', 'passwd'],
      ['C:\\data\\my train.csv', 'my-train.csv'],
      ['..', 'data'],
      ['', 'data'],
      ['a\0b.npz', 'a-b.npz'],
      ['.hidden.csv', 'hidden.csv'],
      ['μ.parquet', 'parquet'],
      [`${'x'.repeat(300)}-idx3-ubyte.gz`, `${'x'.repeat(86)}-idx3-ubyte.gz`],
      ['a.csv\n', 'a.csv-'],
      ['datasets.json', 'datasets.json'],
      ['upload.0123456789ab.tmp', 'upload.0123456789ab.tmp'],
    ])('of the name %j is kept as %s', async (name, kept) => {
      const place = await newPlace();
      const { store } = await openStore(place);
      const { id } = await store.addDataset(chunksOf('1'), { ...options, name });
      expect(await store.dataset(id)).toMatchObject({ name: kept });
      expect(await place.keys()).toEqual([`datasets/${id}.json`, `datasets/${id}/${kept}`]);
      expect(await readFile((await store.datasetFile(id))!, 'utf8')).toBe('1');
      await store.removeDataset(id);
      expect(await place.keys()).toEqual([]);
    });

    it.each([UNKNOWN, '', '..', '../records', UNKNOWN.toUpperCase(), `${UNKNOWN}/x`, `${UNKNOWN}\0`])(
      'of the id %j is missing',
      async (id) => {
        const { store } = await openStore(await newPlace());
        expect(await store.dataset(id)).toBeNull();
        expect(await store.datasetFile(id)).toBeNull();
        await store.removeDataset(id);
      },
    );
  });
};
