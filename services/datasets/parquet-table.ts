import { parquetSchema, type FileMetaData, type SchemaTree } from 'hyparquet';
import { LocopropError } from '../../core/errors/error.js';
import { chooseColumns, exampleParts, showNames, type ColumnChoice, type ColumnRequest } from './columns.js';

export const PARQUET_FORMAT = 'Parquet';

const numericTypes = new Set<string | undefined>(['BOOLEAN', 'INT32', 'INT64', 'FLOAT', 'DOUBLE']);
const integerTypes = /^U?INT_/;

/** Whether a top-level column holds one number or none in each row. */
function isNumeric({ element, children }: SchemaTree): boolean {
  const { type, repetition_type: repetition, converted_type: converted, logical_type: logical } = element;
  return (
    children.length === 0 &&
    repetition !== 'REPEATED' &&
    numericTypes.has(type) &&
    (converted === undefined || integerTypes.test(converted)) &&
    (logical === undefined || logical.type === 'INTEGER')
  );
}

/** What the metadata of a file say, as far as its columns of numbers are concerned. */
export interface ParquetTable {
  readonly metadata: FileMetaData;
  readonly names: readonly string[];
  readonly choice: ColumnChoice;
  /** Rows of each row group. */
  readonly groups: readonly number[];
}

/** Finds the columns that are asked for, and refuses metadata that contradict themselves. */
export function describeTable(file: string, metadata: FileMetaData, request: ColumnRequest): ParquetTable {
  const columns = parquetSchema(metadata).children;
  const names = columns.map((column) => column.element.name);
  if (new Set(names).size !== names.length) throw new Error('two columns have one name');
  const choice = chooseColumns(file, { names, width: names.length }, request);
  for (const column of exampleParts.flatMap((part) => choice[part])) {
    if (!isNumeric(columns[column] as SchemaTree)) {
      const reason = 'it does not hold one number in each row';
      const place = `column ${showNames([names[column] ?? ''])}`;
      throw new LocopropError('DATA_UNSUPPORTED', {
        file,
        format: PARQUET_FORMAT,
        place,
        reason,
        supported: 'numbers, or name other columns',
      });
    }
  }
  const groups = metadata.row_groups.map((group) => Number(group.num_rows));
  const rows = groups.reduce((sum, count) => sum + count, 0);
  if (
    !groups.every((count) => Number.isSafeInteger(count) && count >= 0) ||
    rows !== Number(metadata.num_rows)
  ) {
    throw new Error(`its row groups hold ${rows} rows, its metadata say ${metadata.num_rows}`);
  }
  if (rows === 0) throw new Error('the file holds no row');
  return { metadata, names, choice, groups };
}
