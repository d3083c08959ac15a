import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemoryService } from '../support/memory-service.js';
import { openApi, type Api } from './support.js';

const HTML = '<!doctype html><script type="module" src="./assets/main-abc.js"></script>\n';
const SCRIPT = 'console.log(1);\n'.repeat(100);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'locoprop-page-'));
  await mkdir(join(folder, 'assets'));
  await writeFile(join(folder, 'index.html'), HTML);
  await writeFile(join(folder, 'assets/main-abc.js'), SCRIPT);
  await writeFile(join(folder, 'assets/main-abc.js.br'), brotliCompressSync(SCRIPT));
  await writeFile(join(folder, 'assets/main-abc.js.gz'), gzipSync(SCRIPT));
  await writeFile(join(folder, 'secret.key'), 'not for the page');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const open = (): Promise<Api> => openApi(new MemoryService(), { pageFolder: folder });

/** Bytes as they come: `fetch` would undo the compression. */
async function get(
  { url }: Api,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  method = 'GET',
): Promise<{ status: number; headers: Record<string, string | string[] | undefined>; bytes: Buffer }> {
  const { request } = await import('node:http');
  const { buffer } = await import('node:stream/consumers');
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method, headers, agent: false }, (response) => {
      buffer(response).then(
        (bytes) => resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes }),
        reject,
      );
    });
    sent.on('error', reject);
    sent.end();
  });
}

describe('the dashboard', () => {
  it('is served to everybody, with a policy under which nothing but its own code runs', async () => {
    const { status, headers, bytes } = await get(await open(), '/');
    expect(status).toBe(200);
    expect(bytes.toString()).toBe(HTML);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(headers['cache-control']).toBe('no-cache');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['referrer-policy']).toBe('no-referrer');
    const policy = String(headers['content-security-policy']).split('; ');
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy.join()).not.toMatch(/unsafe|https?:|\*/);
  });

  it.each([
    ['gzip, deflate, br', 'br', brotliDecompressSync],
    ['gzip;q=1.0, *;q=0', 'gzip', gunzipSync],
    ['br;q=0, gzip', 'gzip', gunzipSync],
    ['identity', undefined, (bytes: Buffer) => bytes],
    ['', undefined, (bytes: Buffer) => bytes],
  ])('comes in the smallest form that a browser takes: %s', async (accepted, coding, unpacked) => {
    const { headers, bytes } = await get(await open(), '/assets/main-abc.js', {
      'accept-encoding': accepted,
    });
    expect(headers['content-encoding']).toBe(coding);
    expect(headers['content-type']).toBe('text/javascript; charset=utf-8');
    expect(headers['vary']).toBe('accept-encoding');
    expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(unpacked(bytes).toString()).toBe(SCRIPT);
  });

  it('is not sent again to who has it', async () => {
    const api = await open();
    const { headers } = await get(api, '/');
    const etag = String(headers['etag']);
    const again = await get(api, '/', { 'if-none-match': `"other", W/${etag}` });
    expect(again.status).toBe(304);
    expect(again.bytes).toHaveLength(0);
    const compressed = await get(api, '/assets/main-abc.js', { 'accept-encoding': 'br' });
    expect(compressed.headers['etag']).not.toBe((await get(api, '/assets/main-abc.js')).headers['etag']);
    const head = await get(api, '/', {}, 'HEAD');
    expect(head.status).toBe(200);
    expect(head.headers['etag']).toBe(etag);
    expect(head.bytes).toHaveLength(0);
  });

  it.each([
    '/index.html',
    '/secret.key',
    '/assets/',
    '/assets/main-abc.js.br',
    '/assets/../secret.key',
    '/assets/%2e%2e/secret.key',
    '//',
  ])('has nothing else at %s', async (path) => {
    const { status, headers } = await get(await open(), path);
    expect([400, 404]).toContain(status);
    expect(headers['content-type']).toMatch(/^application\/problem\+json/);
  });

  it('says so where it was not built, and the interface is served all the same', async () => {
    const api = await openApi(new MemoryService(), { pageFolder: join(folder, 'missing') });
    const { status, headers, bytes } = await get(api, '/');
    expect(status).toBe(404);
    expect(headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(bytes.toString()).toContain('npm run build');
    expect((await get(api, '/livez')).status).toBe(200);
  });

  it('is no part of the description of the interface', async () => {
    const { bytes } = await get(await open(), '/openapi.json');
    const { paths } = JSON.parse(bytes.toString()) as { paths: Record<string, unknown> };
    expect(Object.keys(paths).filter((path) => path === '/' || path.startsWith('/assets'))).toEqual([]);
  });
});
