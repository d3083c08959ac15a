import { loadDataset, type LoadContext } from '#services/datasets/load.js';
import type { PublicSet } from '#services/datasets/named-sets.js';
import { publicSets } from '#services/datasets/named-sets.js';
import { readPublicSet } from '#services/datasets/named.js';
import { createHash } from 'node:crypto';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { countingBytes, expectRefusal, idxBytes, MAX_BYTES, refusal, temporaryFolder } from './support.js';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const images = (count: number): Buffer => idxBytes([count, 28, 28], countingBytes(784 * count));
const labels = (count: number): Buffer =>
  idxBytes(
    [count],
    countingBytes(count).map((value) => value % 10),
  );

const folder = await temporaryFolder();
let folders = 0;
async function newFolder(files: Readonly<Record<string, Uint8Array>> = {}): Promise<string> {
  folders += 1;
  const path = join(folder, String(folders));
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(join(path, name, '..'), { recursive: true });
    await writeFile(join(path, name), bytes);
  }
  await mkdir(path, { recursive: true });
  return path;
}

describe('a named data set in LOCOPROP_DATA_DIR', () => {
  const load = (dir: string, more: Partial<LoadContext> = {}, source = {}) =>
    loadDataset(
      { dataset: 'mnist', ...source },
      {
        directory: '/',
        seed: 1,
        split: 'train',
        targets: 'labels',
        environment: { LOCOPROP_DATA_DIR: dir, XDG_CACHE_HOME: join(folder, 'no-cache') },
        ...more,
      },
    );

  it('is found in a folder of its name, gzip', async () => {
    const dir = await newFolder({
      'mnist/train-images-idx3-ubyte.gz': gzipSync(images(12)),
      'mnist/train-labels-idx1-ubyte.gz': gzipSync(labels(12)),
    });
    const dataset = await load(dir);
    expect(dataset).toEqual({
      name: 'mnist',
      examples: 12,
      features: 784,
      inputs: countingBytes(784 * 12),
      scale: 1 / 255,
      labels: Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1),
      classes: 10,
      targets: null,
      image: { width: 28, height: 28 },
    });
    const first = await load(dir, {}, { examples: 3 });
    expect(first.inputs).toEqual(countingBytes(784 * 3));
    expect(first.labels).toEqual(Uint8Array.of(0, 1, 2));
    await expectRefusal(
      load(dir, {}, { examples: 13 }),
      'DATA_TOO_FEW_EXAMPLES',
      /mnist has too few examples: 12, where 13 are asked/,
    );
  });

  it('is found in the folder itself, plain, with labels only if they are learned', async () => {
    const dir = await newFolder({ 't10k-images-idx3-ubyte': images(3) });
    const source = { dataset: 'fashion-mnist', split: 'test' };
    const dataset = await load(dir, { targets: 'inputs' }, source);
    expect([dataset.name, dataset.examples, dataset.labels]).toEqual(['fashion-mnist', 3, null]);
  });

  it('is refused when files are cut off, do not match or hold labels beyond 9', async () => {
    const short = await newFolder({
      'train-images-idx3-ubyte': images(2).subarray(0, -1),
      'train-labels-idx1-ubyte': labels(2),
    });
    await expectRefusal(
      load(short),
      'DATA_MALFORMED',
      /train-images-idx3-ubyte .* at byte 16: .* at most 1567 can follow/,
    );
    const unlike = await newFolder({
      'train-images-idx3-ubyte': images(2),
      'train-labels-idx1-ubyte': labels(3),
    });
    await expectRefusal(load(unlike), 'DATA_COUNTS_DIFFER', /holds 2, .* holds labels of 3/);
    const eleven = idxBytes([2], Uint8Array.of(1, 10));
    const wrong = await newFolder({
      'train-images-idx3-ubyte': images(2),
      'train-labels-idx1-ubyte': eleven,
    });
    await expectRefusal(
      load(wrong),
      'DATA_LABEL_INVALID',
      /label of example 1 .* is 10; it must be .* 0 to 9/,
    );
  });
});

describe('a named data set that is fetched', () => {
  const content = images(2);
  const answers = labels(2);
  const servers: (() => void)[] = [];
  afterAll(() => servers.forEach((close) => close()));

  /** Serves at an address, and keeps the paths that were asked for. */
  async function serve(listener: RequestListener): Promise<{ address: string; asked: string[] }> {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      listener(request, response);
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    servers.push(() => {
      server.closeAllConnections();
      server.close();
    });
    return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, asked };
  }

  const good: RequestListener = (request, response) =>
    response.end(gzipSync(request.url?.includes('labels') === true ? answers : content, { level: 1 }));

  /** A set of these mirrors, whose digests are those of `content` and `answers`. */
  function setOf(
    mirrors: readonly string[],
    sha = { content: sha256(content) } as PublicSet['files']['train']['images']['sha256'],
  ): PublicSet {
    const split = {
      images: { name: 'images-idx3-ubyte', bytes: content.length, sha256: sha },
      labels: { name: 'labels-idx1-ubyte', bytes: answers.length, sha256: { content: sha256(answers) } },
    };
    return { name: 'tiny', classes: 10, mirrors, files: { train: split, test: split } };
  }

  const read = (set: PublicSet, cache: string, more: { withLabels?: boolean; stallMs?: number } = {}) =>
    readPublicSet(set, {
      split: 'train',
      environment: { XDG_CACHE_HOME: cache },
      maxBytes: MAX_BYTES,
      withLabels: true,
      ...more,
    });

  it('comes from the first mirror that has it, and then from the cache', async () => {
    const missing = await serve((_, response) => response.writeHead(404).end('no such file'));
    const present = await serve(good);
    const cache = await newFolder();
    const set = setOf(['http://127.0.0.1:2/', missing.address, present.address]);
    const { inputs, labels: read1 } = await read(set, cache);
    expect(inputs.data).toEqual(countingBytes(1568));
    expect(read1?.data).toEqual(Uint8Array.of(0, 1));
    expect(await readdir(join(cache, 'locoprop', 'tiny'))).toEqual([
      'images-idx3-ubyte.gz',
      'labels-idx1-ubyte.gz',
    ]);
    expect(missing.asked).toEqual(['/images-idx3-ubyte.gz', '/labels-idx1-ubyte.gz']);
    await read(setOf(['http://127.0.0.1:2/']), cache);
    expect(present.asked).toHaveLength(2);
  });

  it('may be checked by the digest of the compressed file', async () => {
    const { address } = await serve(good);
    const set = setOf([address], { gzip: sha256(gzipSync(content, { level: 1 })) });
    expect((await read(set, await newFolder())).inputs.data).toEqual(countingBytes(1568));
    const recompressed = setOf([address], { gzip: sha256(gzipSync(content, { level: 9 })) });
    await expectRefusal(
      read(recompressed, await newFolder()),
      'DATASET_UNAVAILABLE',
      /its SHA-256 is [0-9a-f]{64}, not/,
    );
  });

  it.each<[string, RequestListener, RegExp]>([
    [
      'other content',
      (_, response) => response.end(gzipSync(images(2).fill(1, 20))),
      /its SHA-256 is [0-9a-f]{64}, not/,
    ],
    ['a page instead', (_, response) => response.end('<html>sign in</html>'), /its SHA-256 is/],
    ['too much', (_, response) => response.end(Buffer.alloc(1_100_000)), /sends more than/],
    [
      'a bomb',
      (_, response) => response.end(gzipSync(Buffer.alloc(10_000_000))),
      /holds more than 1584 bytes/,
    ],
    [
      'half a file',
      (_, response) => response.end(gzipSync(content).subarray(0, 100)),
      /unexpected end of file/,
    ],
    [
      'a broken connection',
      (_, response) => response.writeHead(200).write('x', () => response.destroy()),
      /terminated/,
    ],
    ['silence', (_, response) => response.writeHead(200).write('x'), /nothing came for 0.2 s/],
    ['no answer', () => undefined, /nothing came for 0.2 s/],
  ])('is refused when the mirror sends %s, and nothing is kept of it', async (_, listener, reason) => {
    const { address } = await serve(listener);
    const cache = await newFolder();
    await expectRefusal(read(setOf([address]), cache, { stallMs: 200 }), 'DATASET_UNAVAILABLE', reason);
    expect(await readdir(join(cache, 'locoprop', 'tiny'))).toEqual([]);
  });

  it('is refused when nothing can be reached, and says where to put which files', async () => {
    const cache = await newFolder();
    const error = await refusal(read(setOf(['http://127.0.0.1:2/', 'http://127.0.0.1:3/']), cache));
    expect(error.code).toBe('DATASET_UNAVAILABLE');
    expect(error.message).toContain(join(cache, 'locoprop', 'tiny'));
    expect(error.message).toMatch(
      /127\.0\.0\.1:2\/images-idx3-ubyte\.gz: .*ECONNREFUSED.*; .*127\.0\.0\.1:3.*ECONNREFUSED/,
    );
    expect(error.remedy).toMatch(
      /Put images-idx3-ubyte and labels-idx1-ubyte, plain or with .gz, into a folder `tiny`/,
    );
    expect(error.remedy).toContain('LOCOPROP_DATA_DIR');
    expect(error.retryable).toBe(true);
  });

  it('is refused when the cache cannot be written', async () => {
    const { address } = await serve(good);
    const notAFolder = join(await newFolder({ file: Buffer.alloc(1) }), 'file');
    await expectRefusal(read(setOf([address]), notAFolder), 'DATASET_UNAVAILABLE', /ENOTDIR/);
  });

  it('is checked by published digests of the files of MNIST and Fashion-MNIST', () => {
    for (const set of Object.values(publicSets)) {
      const digests = Object.values(set.files).flatMap(({ images: x, labels: y }) =>
        [x, y].map((file) => Object.values(file.sha256)),
      );
      expect(new Set(digests.flat()).size).toBe(4);
      for (const digest of digests.flat()) expect(digest).toMatch(/^[0-9a-f]{64}$/);
      for (const mirror of set.mirrors) expect(mirror).toMatch(/^https?:\/\/.*\/$/);
    }
    expect(publicSets.mnist.files.train.images.bytes).toBe(16 + 60_000 * 784);
    expect(publicSets['fashion-mnist'].files.test.labels.bytes).toBe(8 + 10_000);
  });
});
