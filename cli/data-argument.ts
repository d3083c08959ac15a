/**
 * The data that a command line names: the path of a file, or a data source as it stands in a spec, such
 * as `{dataset: mnist, split: test}`. Not checked yet; paths start at the working directory.
 *
 * @throws LocopropError SPEC_SYNTAX
 */
export async function readDataArgument(text: string): Promise<unknown> {
  if (!text.trimStart().startsWith('{')) return { file: text };
  const { parseYaml } = await import('../services/configuration/yaml-text.js');
  return parseYaml(text, 'DATA');
}
