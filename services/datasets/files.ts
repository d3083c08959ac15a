import { resolve } from 'node:path';
import {
  dataFormats,
  type ColumnName,
  type DataFormat,
  type DataSplit,
  type FileSource,
  type TargetKind,
} from '../../core/dataset.js';
import { LocopropError } from '../../core/errors/error.js';
import { showNames, type ExampleArrays, type ExamplePart } from './columns.js';
import { readCsv } from './csv.js';
import { formatOfName } from './format-name.js';
import { readIdx } from './idx.js';
import { readNpy } from './npy.js';
import { readNpz } from './npz.js';
import type { NumericArray } from './numeric.js';
import { readParquet } from './parquet.js';

/** What reading a file needs to know beside the data source. */
export interface ReadContext {
  /** Where relative paths start. */
  readonly directory: string;
  readonly split: DataSplit;
  /** What is learned: labels and targets that nobody names are looked for only then. */
  readonly targets: TargetKind;
  readonly maxBytes: number;
}

function formatOf({ file, format }: FileSource): DataFormat {
  const told = format ?? formatOfName(file);
  if (told !== undefined) return told;
  throw new LocopropError('DATA_FORMAT_UNKNOWN', { file, formats: dataFormats.join(', ') });
}

const invalid = (file: string, reason: string): LocopropError =>
  new LocopropError('DATA_SOURCE_INVALID', { file, reason });

/** The one name that a part of a source without columns can have. */
function singleName(source: FileSource, part: ExamplePart, what: string): string | undefined {
  const name: ColumnName | readonly ColumnName[] | undefined = source[part];
  if (name === undefined || typeof name === 'string') return name;
  throw invalid(source.file, `\`${part}\` must be ${what}`);
}

/** A file holds one array: labels and targets are files of their own. */
async function readArrayFiles(
  source: FileSource,
  read: (file: string, maxBytes: number) => Promise<NumericArray>,
  { directory, maxBytes }: ReadContext,
): Promise<ExampleArrays> {
  if (source.inputs !== undefined)
    throw invalid(source.file, 'it holds one array, so `inputs` cannot name a part of it');
  const readOther = async (part: 'labels' | 'targets'): Promise<NumericArray | null> => {
    const name = singleName(source, part, 'a file');
    return name === undefined ? null : read(resolve(directory, name), maxBytes);
  };
  return {
    inputs: await read(resolve(directory, source.file), maxBytes),
    labels: await readOther('labels'),
    targets: await readOther('targets'),
  };
}

/** Which arrays of an archive to read; see FileSource for the names that are looked for. */
function chooseArrays(source: FileSource, { split, targets }: ReadContext) {
  return (names: readonly string[]): Record<ExamplePart, string | null> => {
    const choose = (part: ExamplePart, defaults: readonly string[]): string | null => {
      const name = singleName(source, part, 'the name of an array');
      if (name !== undefined && !names.includes(name)) {
        const details = {
          file: source.file,
          kind: 'array',
          name: JSON.stringify(name),
          available: showNames(names),
        };
        throw new LocopropError('DATA_PART_MISSING', details);
      }
      return name ?? defaults.find((candidate) => names.includes(candidate)) ?? null;
    };
    const answers = (part: 'labels' | 'targets'): readonly string[] =>
      targets === part ? [`y_${split}`, 'y'] : [];
    return {
      inputs: choose('inputs', [`x_${split}`, 'x', ...(names.length === 1 ? names : [])]),
      labels: choose('labels', answers('labels')),
      targets: choose('targets', answers('targets')),
    };
  };
}

async function readArchive(source: FileSource, context: ReadContext): Promise<ExampleArrays> {
  const { file } = source;
  const choose = chooseArrays(source, context);
  let available = '';
  const arrays = await readNpz(
    resolve(context.directory, file),
    (names) => {
      available = showNames(names);
      return choose(names);
    },
    context.maxBytes,
  );
  if (arrays.inputs !== null) return { ...arrays, inputs: arrays.inputs };
  const name = `x_${context.split} or x`;
  throw new LocopropError('DATA_PART_MISSING', { file, kind: 'array', name, available });
}

/**
 * Reads the arrays that a data source names from its file.
 *
 * @throws LocopropError DATA_FORMAT_UNKNOWN, DATA_PART_MISSING, DATA_SOURCE_INVALID, or as the readers
 */
export function readFiles(source: FileSource, context: ReadContext): Promise<ExampleArrays> {
  const file = resolve(context.directory, source.file);
  switch (formatOf(source)) {
    case 'idx':
      return readArrayFiles(source, readIdx, context);
    case 'npy':
      return readArrayFiles(source, readNpy, context);
    case 'npz':
      return readArchive(source, context);
    case 'csv':
      return readCsv(file, source, context.maxBytes);
    case 'parquet':
      return readParquet(file, source, context.maxBytes);
  }
}
