import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';

const built = fileURLToPath(new URL('../../dist/dashboard/', import.meta.url));
const read = (name: string): Promise<Buffer> => readFile(`${built}${name}`);

/** Bytes that a first visit may take, compressed. */
const LARGEST_LOAD = 200_000;

/** What a browser asks for at once: the page, and what it names. */
async function firstLoad(): Promise<readonly string[]> {
  const html = (await read('index.html')).toString();
  const named = [...html.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map(([, name]) => name!);
  expect(named.filter((name) => name.endsWith('.js'))).toHaveLength(1);
  expect(named.filter((name) => name.endsWith('.css'))).toHaveLength(1);
  return ['index.html', ...named];
}

describe('the built dashboard', () => {
  it('weighs no more than 200 kB at the first visit, as gzip and as brotli', async () => {
    const names = await firstLoad();
    const present = await readdir(built, { recursive: true });
    for (const ending of ['.gz', '.br']) {
      // What is too small to be compressed goes as it is.
      const files = names.map((name) => (present.includes(name + ending) ? name + ending : name));
      const sizes = await Promise.all(files.map(async (name) => (await read(name)).length));
      const bytes = sizes.reduce((sum, size) => sum + size, 0);
      console.info(`first load with ${ending}: ${bytes} bytes`);
      expect(bytes).toBeLessThanOrEqual(LARGEST_LOAD);
    }
  });

  it('has each file in forms that unpack to the file itself', async () => {
    const names = await readdir(built, { recursive: true });
    const packed = names.filter((name) => /\.(br|gz)$/.test(name));
    expect(packed.length).toBeGreaterThan(4);
    for (const name of packed) {
      const unpack = name.endsWith('.br') ? brotliDecompressSync : gunzipSync;
      expect(unpack(await read(name)).equals(await read(name.slice(0, -3))), name).toBe(true);
    }
  });

  it('has nothing in the page itself that its policy would not let run', async () => {
    const html = (await read('index.html')).toString();
    expect(html).not.toMatch(/<script(?![^>]*\ssrc=)/);
    expect(html).not.toMatch(/<style|\sstyle=|\son\w+=|data:|https?:/);
  });
});
