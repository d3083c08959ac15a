import { open, type FileHandle } from 'node:fs/promises';
import {
  parquetMetadataAsync,
  parquetRead,
  parquetSchema,
  type FileMetaData,
  type SchemaTree,
} from 'hyparquet';
import { compressors, decompressZstd } from 'hyparquet-compressors';
import { LocopropError } from '../../core/errors/error.js';
import { fileBytes, fileError } from './byte-stream.js';
import {
  chooseColumns,
  exampleParts,
  showNames,
  type ColumnChoice,
  type ColumnRequest,
  type ExamplePart,
} from './columns.js';
import { notFinite } from './numeric.js';
import { checkPages, chunkRange } from './parquet-pages.js';

const FORMAT = 'Parquet';

/** Pieces of a table in the order in which they come: its size, then values of its columns. */
export type ParquetFrame =
  | { readonly kind: 'table'; readonly rows: number; readonly widths: Readonly<Record<ExamplePart, number>> }
  | {
      readonly kind: 'values';
      readonly part: ExamplePart;
      /** Column within the part, from 0. */
      readonly column: number;
      readonly firstRow: number;
      readonly values: Float32Array;
    };

interface ParquetFile {
  readonly byteLength: number;
  slice(start: number, end?: number): Promise<ArrayBuffer>;
}

function sliceable(handle: FileHandle, byteLength: number): ParquetFile {
  return {
    byteLength,
    async slice(start, end = byteLength) {
      if (!(start >= 0 && start <= end && end <= byteLength)) {
        throw new Error(`bytes ${start} to ${end} of a file of ${byteLength} are asked for`);
      }
      const bytes = new Uint8Array(end - start);
      for (let filled = 0; filled < bytes.length;) {
        const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, start + filled);
        if (bytesRead === 0) throw new Error(`the file ends at byte ${start + filled}`);
        filled += bytesRead;
      }
      return bytes.buffer;
    },
  };
}

const malformed = (file: string, place: string, reason: string, cause?: unknown): LocopropError =>
  new LocopropError('DATA_MALFORMED', { file, format: FORMAT, place, reason }, { cause });

/** Runs a step of the library, and turns what it throws into an error of the user. */
async function attempt<Result>(
  file: string,
  place: string,
  step: () => Result | Promise<Result>,
): Promise<Result> {
  try {
    return await step();
  } catch (error) {
    const refused = fileError(file, error);
    if (refused !== error || error instanceof LocopropError) throw refused;
    throw malformed(file, place, error instanceof Error ? error.message : String(error), error);
  }
}

const MAGIC = 'PAR1';
/** Magic, an empty footer's length and magic. */
const LEAST_BYTES = 12;

async function checkMagic(source: ParquetFile): Promise<void> {
  const { byteLength } = source;
  if (byteLength < LEAST_BYTES) throw new Error(`${byteLength} bytes are too few`);
  for (const start of [0, byteLength - MAGIC.length]) {
    const magic = Buffer.from(await source.slice(start, start + MAGIC.length)).toString('latin1');
    if (magic !== MAGIC) throw new Error(`bytes ${start} to ${start + MAGIC.length} are not ${MAGIC}`);
  }
}

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

interface Table {
  readonly metadata: FileMetaData;
  readonly names: readonly string[];
  readonly choice: ColumnChoice;
  /** Rows of each row group. */
  readonly groups: readonly number[];
}

function describe(file: string, metadata: FileMetaData, request: ColumnRequest): Table {
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
        format: FORMAT,
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

/** Values of a column in a row group, as they were decoded: numbers, bigints, booleans or null. */
async function decodeChunk(
  file: ParquetFile,
  table: Table,
  group: number,
  firstRow: number,
  name: string,
): Promise<unknown[][]> {
  const rows = table.groups[group] as number;
  const chunk = table.metadata.row_groups[group]?.columns.find(
    (column) => column.meta_data?.path_in_schema[0] === name,
  );
  if (chunk?.meta_data === undefined || chunk.file_path !== undefined)
    throw new Error('the column is missing');
  const { start, end } = chunkRange(chunk.meta_data, file.byteLength);
  checkPages(await file.slice(start, end), rows);
  const pieces: unknown[][] = [];
  await parquetRead({
    file,
    metadata: table.metadata,
    columns: [name],
    rowStart: firstRow,
    rowEnd: firstRow + rows,
    // The package's own zstd decoder takes the size that the data claim.
    compressors: { ...compressors, ZSTD: (input, length) => decompressZstd(input, new Uint8Array(length)) },
    onChunk: ({ columnData }) => pieces.push(columnData as unknown[]),
  });
  const decoded = pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (decoded !== rows) throw new Error(`${decoded} values were decoded, not ${rows}`);
  return pieces;
}

function toNumbers(
  file: string,
  pieces: readonly unknown[][],
  rows: number,
  firstRow: number,
  name: string,
): Float32Array {
  const numbers = new Float32Array(rows);
  let row = 0;
  for (const piece of pieces) {
    for (let index = 0; index < piece.length; index += 1) {
      const value = piece[index];
      const place = (): string => `row ${firstRow + row}, column ${showNames([name])}`;
      if (value === null || value === undefined) throw notFinite(file, 'no value', place());
      const number = Number(value);
      numbers[row] = number;
      if (!Number.isFinite(numbers[row])) throw notFinite(file, number, place());
      row += 1;
    }
  }
  return numbers;
}

/**
 * Decodes columns of numbers of a Parquet file, one column of one row group at a time. A hostile
 * file can make the library take any memory and end the process: run it in one of its own.
 *
 * @throws LocopropError as readParquet
 */
export async function* decodeParquet(
  file: string,
  request: ColumnRequest,
): AsyncGenerator<ParquetFrame, void> {
  const size = await fileBytes(file);
  const handle = await attempt(file, '', () => open(file));
  try {
    const source = sliceable(handle, size);
    const table = await attempt(file, 'in its metadata', async () => {
      await checkMagic(source);
      return describe(file, await parquetMetadataAsync(source, { geoparquet: false }), request);
    });
    const { choice, groups, names } = table;
    const widths = {
      inputs: choice.inputs.length,
      labels: choice.labels.length,
      targets: choice.targets.length,
    };
    yield { kind: 'table', rows: groups.reduce((sum, rows) => sum + rows, 0), widths };
    let firstRow = 0;
    for (const [group, rows] of groups.entries()) {
      for (const part of exampleParts) {
        for (const [column, number] of choice[part].entries()) {
          const name = names[number] as string;
          const place = `in row group ${group}, column ${showNames([name])}`;
          const pieces =
            rows === 0
              ? []
              : await attempt(file, place, () => decodeChunk(source, table, group, firstRow, name));
          yield {
            kind: 'values',
            part,
            column,
            firstRow,
            values: toNumbers(file, pieces, rows, firstRow, name),
          };
        }
      }
      firstRow += rows;
    }
  } finally {
    await handle.close();
  }
}
