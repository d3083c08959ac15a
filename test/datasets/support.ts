import { LocopropError } from '#core/errors/error.js';
import type { ErrorCode } from '#core/errors/catalogue.js';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect } from 'vitest';

export const MAX_BYTES = 1 << 28;

/** A file that make.py wrote. */
export const fixture = (name: string): string =>
  fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));

/** An empty folder that is removed after the tests of the file. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'locoprop-datasets-'));
  afterAll(() => rm(folder, { recursive: true }));
  return folder;
}

/** IDX bytes as the format's description has them. */
export function idxBytes(shape: readonly number[], data: Uint8Array, type = 0x08): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.writeUInt8(type, 2);
  header.writeUInt8(shape.length, 3);
  shape.forEach((size, dimension) => header.writeUInt32BE(size, 4 + 4 * dimension));
  return Buffer.concat([header, data]);
}

/** The bytes 0, 1, 2, … modulo 251. */
export const countingBytes = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => index % 251);

/** What the promise is refused with; fails when it is kept, or refused with anything but an error of the catalogue. */
export async function refusal(promise: Promise<unknown>): Promise<LocopropError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof LocopropError) return error;
    throw error;
  }
  throw new Error('was not refused');
}

/** Expects a refusal with this code, whose message matches and has no placeholder left. */
export async function expectRefusal(
  promise: Promise<unknown>,
  code: ErrorCode,
  message: RegExp,
): Promise<void> {
  const error = await refusal(promise);
  expect(error.code).toBe(code);
  expect(error.message).toMatch(message);
  expect(`${error.message} ${error.remedy}`).not.toMatch(/\{\w+\}|undefined/);
}
