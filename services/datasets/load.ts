import { basename } from 'node:path';
import type { Dataset, DataSource, DataSplit, FileSource, TargetKind } from '../../core/dataset.js';
import { LocopropError } from '../../core/errors/error.js';
import { rangeIndices, splitIndices, subset } from '../../core/subset.js';
import { assembleDataset } from './assemble.js';
import { cooperate } from './cooperate.js';
import { makeCurves } from './curves.js';
import { readFiles } from './files.js';
import { publicSets } from './named-sets.js';
import { readPublicSet, type Environment } from './named.js';

const MAX_BYTES = 8 * 2 ** 30;

/** What loading needs to know beside the data source. */
export interface LoadContext {
  /** Folder of the spec, where relative paths start. */
  readonly directory: string;
  /** Seed of the job: of `curves` and of `testShare`. */
  readonly seed: number;
  /** What the data are for; a source that names a split overrides it. */
  readonly split: DataSplit;
  /** What the network learns; the data must have it. */
  readonly targets: TargetKind;
  /** LOCOPROP_DATA_DIR, XDG_CACHE_HOME and HOME are looked at. */
  readonly environment: Environment;
  /** Bytes of an array in memory, at most; by default 8 GiB. */
  readonly maxBytes?: number | undefined;
}

/** The examples of a split, less those to skip, up to the number asked for; null for all. */
function selectIndices(
  dataset: Dataset,
  { skip = 0, examples, testShare }: Pick<FileSource, 'skip' | 'examples' | 'testShare'>,
  { split, seed }: { readonly split: DataSplit; readonly seed: number },
): Uint32Array | null {
  const isWhole = skip === 0 && (examples ?? dataset.examples) === dataset.examples;
  if (testShare === undefined && isWhole) return null;
  const indices =
    testShare === undefined
      ? rangeIndices(0, dataset.examples)
      : splitIndices(dataset.examples, testShare, seed)[split];
  const wanted = skip + (examples ?? 1);
  if (indices.length < wanted) {
    throw new LocopropError('DATA_TOO_FEW_EXAMPLES', {
      dataset: dataset.name,
      available: indices.length,
      wanted,
    });
  }
  return indices.subarray(skip, examples === undefined ? indices.length : skip + examples);
}

/** Reads or makes all examples that a source has. */
async function readSource(
  source: DataSource,
  context: LoadContext,
  split: DataSplit,
  maxBytes: number,
): Promise<Dataset> {
  if ('file' in source) {
    const { directory, targets } = context;
    const arrays = await readFiles(source, { directory, split, targets, maxBytes });
    return assembleDataset(basename(source.file), arrays, source);
  }
  if (source.dataset === 'curves') return makeCurves(source, { seed: context.seed, split, maxBytes });
  const set = publicSets[source.dataset];
  const { environment, targets } = context;
  const arrays = await readPublicSet(set, { split, environment, maxBytes, withLabels: targets === 'labels' });
  return assembleDataset(set.name, arrays, { classes: set.classes });
}

/**
 * Loads a data source of a spec into memory. Neither reading nor converting holds up other work for
 * more than some milliseconds at a time.
 *
 * @throws LocopropError with one of the codes DATA_… or DATASET_UNAVAILABLE, naming file and place
 */
export async function loadDataset(source: DataSource, context: LoadContext): Promise<Dataset> {
  const { targets: kind, seed, maxBytes = MAX_BYTES } = context;
  const split = source.split ?? context.split;
  const dataset = await readSource(source, context, split, maxBytes);
  if ((kind === 'labels' && dataset.labels === null) || (kind === 'targets' && dataset.targets === null)) {
    throw new LocopropError('DATA_TARGETS_MISSING', { kind, dataset: dataset.name });
  }
  const exact = 'dataset' in source && source.dataset === 'curves';
  const indices = exact ? null : selectIndices(dataset, source, { split, seed });
  return indices === null ? dataset : cooperate(subset(dataset, indices));
}
