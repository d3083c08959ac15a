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

/** The columns of a table; names are null when it has no header. */
interface Header {
  readonly names: readonly string[] | null;
  readonly width: number;
}

function findColumn(file: string, { names, width }: Header, wanted: ColumnName): number {
  const columns = Array.from({ length: width }, (_, column) => column);
  const [found, second] = columns.filter((column) => wanted === column || wanted === names?.[column]);
  if (found === undefined) {
    const name = JSON.stringify(wanted);
    const available = names === null ? `${width} columns without names, 0 to ${width - 1}` : showNames(names);
    throw new LocopropError('DATA_PART_MISSING', { file, kind: 'column', name, available });
  }
  if (second !== undefined) {
    const reason = `two columns are named ${JSON.stringify(wanted)}`;
    throw new LocopropError('DATA_SOURCE_INVALID', { file, reason });
  }
  return found;
}

/**
 * Finds the columns that a data source names; without named inputs, they are all the others.
 *
 * @throws LocopropError DATA_PART_MISSING, DATA_SOURCE_INVALID
 */
export function chooseColumns(file: string, header: Header, request: ColumnRequest): ColumnChoice {
  const find = (wanted: ColumnName): number => findColumn(file, header, wanted);
  const labels = asList(request.labels).map(find);
  const targets = asList(request.targets).map(find);
  const taken = new Set([...labels, ...targets]);
  const others = Array.from({ length: header.width }, (_, column) => column).filter(
    (column) => !taken.has(column),
  );
  const inputs = request.inputs === undefined ? others : asList(request.inputs).map(find);
  if (inputs.length === 0) {
    throw new LocopropError('DATA_SOURCE_INVALID', { file, reason: 'no column is left for the inputs' });
  }
  return { inputs, labels, targets };
}
