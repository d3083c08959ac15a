import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createJiti } from 'jiti';
import { LocopropError } from '../../core/errors/error.js';
import { showValue } from '../../core/spec/plain-value.js';
import { hasCode } from '../store/failure.js';

/** What the package exports: a plugin's `locoprop`, wherever it lies, is this one and not another copy. */
const ownPackage = new URL('../../index.js', import.meta.url).href;

/**
 * Runs plugin files, TypeScript or JavaScript, and collects their default exports, lists flattened.
 * @param directory where relative paths start
 * @throws LocopropError PLUGIN_FAILED
 */
export async function loadPlugins(files: readonly string[], directory: string): Promise<unknown[]> {
  if (files.length === 0) return [];
  const loader = createJiti(import.meta.url, {
    virtualModules: { locoprop: await import(ownPackage) },
    interopDefault: false,
    // The same path may hold another text the next time, and the folder may not be writable.
    fsCache: false,
    moduleCache: false,
  });
  const parts: unknown[] = [];
  for (const name of files) {
    const file = resolve(directory, name);
    const exported = await load(file, () => loader.import<object>(file));
    if (!('default' in exported)) throw failed(file, 'it has no default export.');
    const own: unknown = exported.default;
    parts.push(...(Array.isArray(own) ? (own as unknown[]) : [own]));
  }
  return parts;
}

const failed = (file: string, reason: string, cause?: unknown): LocopropError =>
  new LocopropError('PLUGIN_FAILED', { file, reason }, { cause });

async function load(file: string, run: () => Promise<object>): Promise<object> {
  try {
    await access(file);
    return await run();
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) throw failed(file, 'it does not exist.', cause);
    throw failed(file, reasonOf(cause, file), cause);
  }
}

/** What a plugin threw, with its own line where it tells. */
export function reasonOf(cause: unknown, file: string): string {
  if (!(cause instanceof Error)) return `it threw ${showValue(cause)}.`;
  const [message = ''] = cause.message.split('\n');
  const text = `${cause.message}\n${cause.stack ?? ''}`;
  const [, line] = text.slice(text.indexOf(`${file}:`) + file.length).match(/^:(\d+)/) ?? [];
  const reason = message.replace(/^ParseError: /, '').trim();
  return line === undefined ? reason : `line ${line}: ${reason}`;
}
