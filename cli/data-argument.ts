import { LocopropError } from '../core/errors/error.js';

/** What the help calls the argument. */
const DATA = 'DATA';

/**
 * The data that a command line names: the path of a file, or a data source as it stands in a spec, such
 * as `{dataset: mnist, split: test}`. Paths start at the working directory.
 *
 * @throws LocopropError CLI_USAGE, SPEC_SYNTAX, SPEC_INVALID
 */
export async function readDataArgument(text: string): Promise<unknown> {
  if (!text.trimStart().startsWith('{')) {
    await refuseDataset(text);
    return { file: text };
  }
  const { parseYaml } = await import('../services/configuration/yaml-text.js');
  const { checkDataSource } = await import('../core/spec/check-data-source.js');
  const data = parseYaml(text, DATA);
  checkDataSource(data, DATA);
  return data;
}

/** A file of such a name would not tell its format. */
async function refuseDataset(name: string): Promise<void> {
  const { namedDatasets } = await import('../core/dataset.js');
  if (name !== 'curves' && !namedDatasets.some((known) => known === name)) return;
  const source = name === 'curves' ? '{dataset: curves, examples: 1000}' : `{dataset: ${name}}`;
  throw new LocopropError('CLI_USAGE', { reason: `${name} is a data set and no file: write '${source}'.` });
}
