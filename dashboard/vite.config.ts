import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

/** Below this, the head of an answer weighs more than what is saved. */
const SMALL_BYTES = 512;

const best = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };

/** Writes each file in the two forms that browsers ask for, so that the coordinator has nothing to compress. */
const compressed: Plugin = {
  name: 'compressed',
  apply: 'build',
  async writeBundle({ dir = '.' }, bundle) {
    for (const name of Object.keys(bundle)) {
      const source = await readFile(join(dir, name));
      if (source.length < SMALL_BYTES) continue;
      await writeFile(join(dir, `${name}.br`), brotliCompressSync(source, best));
      await writeFile(join(dir, `${name}.gz`), gzipSync(source, { level: constants.Z_BEST_COMPRESSION }));
    }
  },
};

export default defineConfig({
  root: import.meta.dirname,
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  plugins: [compressed],
  build: {
    outDir: '../dist/dashboard',
    emptyOutDir: true,
    target: 'es2022',
    // Nothing stands in the page itself: the coordinator's policy lets no inline code or picture run.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // Of the packages that are built in.
    license: { fileName: 'licenses.md' },
  },
  server: { proxy: { '/v1': 'http://127.0.0.1:8080', '/openapi.json': 'http://127.0.0.1:8080' } },
  logLevel: 'warn',
});
