import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createJiti } from 'jiti';
import { LocopropError } from '../../core/errors/error.js';

/** This package itself, so that a plugin anywhere imports the same instance as the one that loads it. */
const ownPackage = fileURLToPath(new URL('../../index.js', import.meta.url));

/**
 * The default exports of plugin files, TypeScript or JavaScript: lists are flattened.
 * @param directory where relative paths start
 * @throws LocopropError PLUGIN_FAILED
 */
export async function loadPlugins(files: readonly string[], directory: string): Promise<unknown[]> {
  const loader = createJiti(import.meta.url, { alias: { locoprop: ownPackage }, interopDefault: false });
  const parts: unknown[] = [];
  for (const name of files) {
    const file = resolve(directory, name);
    const exported = await load(file, () => loader.import(file));
    const { default: own } = exported as { default?: unknown };
    if (own === undefined) throw new LocopropError('PLUGIN_FAILED', { file, reason: 'it has no default export' });
    parts.push(...(Array.isArray(own) ? (own as unknown[]) : [own]));
  }
  return parts;
}

async function load(file: string, run: () => Promise<unknown>): Promise<unknown> {
  try {
    await access(file);
    return await run();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new LocopropError('PLUGIN_FAILED', { file, reason }, { cause });
  }
}
