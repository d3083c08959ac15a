import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openBytes } from './byte-stream.js';
import type { PublicFile } from './named-sets.js';

/** Silence of a mirror that ends the attempt. */
const STALL_MS = 20_000;
/** What compression and error pages may add to the size of the content. */
const SLACK_BYTES = 1 << 20;

/** What a failure says, with what is behind it: fetch itself only says that it failed. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof AggregateError) return cause.errors.map(reasonOf).join(', ');
  return cause instanceof Error ? `${error.message} (${cause.message})` : error.message;
}

async function sha256(chunks: AsyncIterable<Uint8Array>, mostBytes: number): Promise<string> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw new Error(`it holds more than ${mostBytes} bytes`);
    hash.update(chunk);
  }
  return hash.digest('hex');
}

/** Refuses a file whose digest is not the published one. */
async function verify(path: string, file: PublicFile): Promise<void> {
  const [expected, actual] =
    'content' in file.sha256
      ? [file.sha256.content, await sha256((await openBytes(path)).chunks, file.bytes)]
      : [file.sha256.gzip, await sha256(createReadStream(path), file.bytes + SLACK_BYTES)];
  if (actual !== expected) throw new Error(`its SHA-256 is ${actual}, not ${expected}`);
}

async function receive(address: string, path: string, mostBytes: number, stallMs: number): Promise<void> {
  const abort = new AbortController();
  const stall = setTimeout(() => abort.abort(new Error(`nothing came for ${stallMs / 1000} s`)), stallMs);
  const handle = await open(path, 'wx');
  try {
    const response = await fetch(address, { signal: abort.signal });
    if (!response.ok || response.body === null) throw new Error(`HTTP status ${response.status}`);
    let bytes = 0;
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      stall.refresh();
      bytes += chunk.length;
      if (bytes > mostBytes) throw new Error(`it sends more than ${mostBytes} bytes`);
      await handle.writeFile(chunk);
    }
  } finally {
    clearTimeout(stall);
    abort.abort();
    await handle.close();
  }
}

/**
 * Fetches a file from the first mirror that has it unchanged. It appears in its place only when it
 * is complete and its digest is the published one.
 *
 * @param target where to put it
 * @returns why each mirror failed; null when one did not
 */
export async function download(
  file: PublicFile,
  {
    mirrors,
    target,
    stallMs = STALL_MS,
  }: { readonly mirrors: readonly string[]; readonly target: string; readonly stallMs?: number | undefined },
): Promise<string[] | null> {
  const folder = dirname(target);
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    return [reasonOf(error)];
  }
  const reasons: string[] = [];
  for (const mirror of mirrors) {
    const address = `${mirror}${file.name}.gz`;
    const temporary = join(folder, `.${file.name}.${randomUUID()}`);
    try {
      await receive(address, temporary, file.bytes + SLACK_BYTES, stallMs);
      await verify(temporary, file);
      await rename(temporary, target);
      return null;
    } catch (error) {
      reasons.push(`${address}: ${reasonOf(error)}`);
      await rm(temporary, { force: true });
    }
  }
  return reasons;
}
