import { open, stat } from 'node:fs/promises';
import { basename, dirname, extname, resolve } from 'node:path';
import { LocopropError } from '../../core/errors/error.js';
import { applyOverride, type Override } from '../../core/spec/overrides.js';
import { isMap } from '../../core/spec/plain-value.js';
import { hasCode, readFailed } from '../store/failure.js';
import { parseYaml } from './yaml-text.js';

export { parseYaml };

const MAX_BYTES = 2 ** 20;

/** A spec as it was read, not yet checked. */
export interface SpecFile {
  readonly data: unknown;
  /** As it was written, without the overrides. */
  readonly text: string;
  /** Where its relative paths start. */
  readonly directory: string;
}

/**
 * Reads a YAML or JSON spec and applies overrides; a spec without a name is called after its file.
 * @throws LocopropError SPEC_FILE_MISSING, SPEC_FILE_UNREADABLE, SPEC_SYNTAX, SPEC_OVERRIDE_INVALID
 */
export async function readSpecFile(file: string, overrides: readonly Override[] = []): Promise<SpecFile> {
  const text = await readText(file);
  const parsed = withName(parseYaml(text, file), file);
  return { data: overrides.reduce(applyOverride, parsed), text, directory: resolve(dirname(file)) };
}

const unreadable = (file: string, reason: string): LocopropError =>
  new LocopropError('SPEC_FILE_UNREADABLE', { file, reason });

async function readText(file: string): Promise<string> {
  const bytes = await readBytes(file);
  if (bytes.length > MAX_BYTES) throw unreadable(file, `it is larger than ${MAX_BYTES} bytes`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw unreadable(file, 'it is no UTF-8 text');
  }
}

/** The bytes of a file, or one more than a spec may have of a larger one. */
async function readBytes(file: string): Promise<Buffer> {
  try {
    // Looked at first, for opening a pipe would wait for its other end.
    if (!(await stat(file)).isFile()) throw unreadable(file, 'it is no regular file');
    const handle = await open(file);
    try {
      const buffer = Buffer.alloc(MAX_BYTES + 1);
      let length = 0;
      for (let bytesRead = -1; bytesRead !== 0 && length < buffer.length; length += bytesRead) {
        ({ bytesRead } = await handle.read(buffer, length));
      }
      return buffer.subarray(0, length);
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if (cause instanceof LocopropError) throw cause;
    if (hasCode(cause, 'ENOENT')) throw new LocopropError('SPEC_FILE_MISSING', { file }, { cause });
    throw readFailed(file, cause);
  }
}

const MAX_NAME = 63;

function withName(data: unknown, file: string): unknown {
  if (!isMap(data) || data['name'] !== undefined) return data;
  const name = basename(file, extname(file))
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+/g, '')
    .slice(0, MAX_NAME)
    .replaceAll(/-+$/g, '');
  return { name: name || 'job', ...data };
}
