import type { ColumnName, FileSource } from '../../core/dataset.js';
import { LocopropError } from '../../core/errors/error.js';
import type { NumericArray } from './numeric.js';

/** The parts of a data set that a file can hold. */
export const exampleParts = ['inputs', 'labels', 'targets'] as const;
export type ExamplePart = (typeof exampleParts)[number];

/** What a file held; inputs are always there. */
export interface ExampleArrays {
  readonly inputs: NumericArray;
  readonly labels: NumericArray | null;
  readonly targets: NumericArray | null;
}

/** What a data source says about the columns of its table. */
export type ColumnRequest = Pick<FileSource, ExamplePart>;

/** Numbers of the columns of each part, from 0, in the order of the part. */
export type ColumnChoice = Readonly<Record<ExamplePart, readonly number[]>>;

const asList = (names: ColumnName | readonly ColumnName[] | undefined): readonly ColumnName[] =>
  names === undefined ? [] : typeof names === 'object' ? names : [names];

const MOST_NAMES_SHOWN = 20;

/** Names from a file for a message: quoted, so that nothing in them can upset a terminal. */
export function showNames(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES_SHOWN).map((name) => JSON.stringify(name.slice(0, 80)));
  return names.length > shown.length
    ? `${shown.join(', ')} and ${names.length - shown.length} more`
    : shown.join(', ');
}

/**
 * Finds the columns that a data source names; without named inputs, they are all the others.
 *
 * @param names of the columns; null when the table has no header
 * @throws LocopropError DATA_PART_MISSING, DATA_SOURCE_INVALID
 */
export function chooseColumns(
  file: string,
  table: { readonly names: readonly string[] | null; readonly width: number },
  request: ColumnRequest,
): ColumnChoice {
  const { names, width } = table;
  const find = (wanted: ColumnName): number => {
    const column = typeof wanted === 'number' ? wanted : (names ?? []).indexOf(wanted);
    if (Number.isInteger(column) && column >= 0 && column < width) {
      if (
        names?.indexOf(names[column] ?? '', column + 1) !== -1 &&
        typeof wanted === 'string' &&
        names !== null
      ) {
        throw new LocopropError('DATA_SOURCE_INVALID', {
          file,
          reason: `two columns are named ${showNames([wanted])}`,
        });
      }
      return column;
    }
    const available = names === null ? `${width} columns without names, 0 to ${width - 1}` : showNames(names);
    throw new LocopropError('DATA_PART_MISSING', {
      file,
      kind: 'column',
      name: JSON.stringify(wanted),
      available,
    });
  };
  const labels = asList(request.labels).map(find);
  const targets = asList(request.targets).map(find);
  const taken = new Set([...labels, ...targets]);
  const inputs =
    request.inputs === undefined
      ? Array.from({ length: width }, (_, column) => column).filter((column) => !taken.has(column))
      : asList(request.inputs).map(find);
  if (inputs.length === 0)
    throw new LocopropError('DATA_SOURCE_INVALID', { file, reason: 'no column is left for the inputs' });
  return { inputs, labels, targets };
}
