import { messageOf } from '../../core/errors/message.js';
import { open } from 'node:fs/promises';
import { parquetMetadataAsync, parquetRead } from 'hyparquet';
import { compressors, decompressZstd } from 'hyparquet-compressors';
import { LocopropError } from '../../core/errors/error.js';
import { fileBytes, fileError } from './byte-stream.js';
import { exampleParts, showNames, type ColumnRequest, type ExamplePart } from './columns.js';
import { notFinite } from './numeric.js';
import { checkPages, chunkRange } from './parquet-pages.js';
import { checkMagic, sliceable, type ParquetFile } from './parquet-source.js';
import { describeTable, PARQUET_FORMAT, type ParquetTable } from './parquet-table.js';

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
    const reason = messageOf(error);
    throw new LocopropError(
      'DATA_MALFORMED',
      { file, format: PARQUET_FORMAT, place, reason },
      { cause: error },
    );
  }
}

/** Values of a column in a row group, as they were decoded: numbers, bigints, booleans or null. */
async function decodeChunk(
  file: ParquetFile,
  table: ParquetTable,
  group: number,
  firstRow: number,
  name: string,
): Promise<unknown[][]> {
  const rows = table.groups[group] as number;
  const chunk = table.metadata.row_groups[group]?.columns.find(
    (column) => column.meta_data?.path_in_schema[0] === name,
  );
  if (chunk?.meta_data === undefined || chunk.file_path !== undefined) {
    throw new Error('the column is missing');
  }
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
      return describeTable(file, await parquetMetadataAsync(source, { geoparquet: false }), request);
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
