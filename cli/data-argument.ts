import { resolve } from 'node:path';

/**
 * The data that a command line names: the path of a file, or a data source as it stands in a spec, such
 * as `{dataset: mnist, split: test}`. Paths start at the working directory. Not checked yet.
 *
 * @throws LocopropError SPEC_SYNTAX
 */
export async function readDataArgument(text: string): Promise<unknown> {
  if (!text.trimStart().startsWith('{')) return { file: resolve(text) };
  const { parseYaml } = await import('../services/configuration/yaml-text.js');
  const source = parseYaml(text, 'DATA');
  if (typeof source !== 'object' || source === null || !('file' in source)) return source;
  const { file } = source;
  return typeof file === 'string' ? { ...source, file: resolve(file) } : source;
}
