import { CsvError, parse } from 'csv-parse';
import { LocopropError } from '../../core/errors/error.js';
import { fileError, openBytes, through } from './byte-stream.js';
import { chooseColumns, exampleParts, showNames, type ColumnRequest, type ExampleArrays } from './columns.js';
import { notFinite } from './numeric.js';
import { RowCollector } from './row-collector.js';

const FORMAT = 'CSV';
/** Characters of a line; an unclosed quote would otherwise take in the whole file. */
const MOST_RECORD_CHARACTERS = 1 << 21;

/** Parsed in one go, so it says how long other work has to wait: some 5 ms. */
const CHUNK_BYTES = 32 * 1024;

const numeral = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const nonFinite = /^[+-]?(?:nan|inf|infinity)$/i;

interface CsvRecord {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

/** What is known once the first line is read: the columns of each part, and their rows so far. */
interface CsvTable {
  readonly names: readonly string[] | null;
  readonly parts: readonly { readonly columns: readonly number[]; readonly rows: RowCollector }[];
}

const malformed = (file: string, line: number, reason: string): LocopropError =>
  new LocopropError('DATA_MALFORMED', { file, format: FORMAT, place: `at line ${line}`, reason });

function parseFailure(file: string, error: unknown): unknown {
  if (error instanceof CsvError) return malformed(file, Number(error['lines'] ?? 0), error.message);
  const refused = fileError(file, error);
  if (refused !== error || error instanceof LocopropError || !(error instanceof Error)) return refused;
  // What is left is zlib's, from a damaged gzip file.
  return new LocopropError('DATA_MALFORMED', {
    file,
    format: FORMAT,
    place: 'while decompressing',
    reason: error.message,
  });
}

/** The first line is a header if a cell of it is neither a number nor empty. */
function startTable(
  file: string,
  first: readonly string[],
  request: ColumnRequest,
  maxBytes: number,
): CsvTable {
  const isHeader = first.some((cell) => cell !== '' && !numeral.test(cell) && !nonFinite.test(cell));
  const names = isHeader ? first : null;
  const choice = chooseColumns(file, { names, width: first.length }, request);
  const parts = exampleParts.map((part) => {
    const columns = choice[part];
    return { columns, rows: new RowCollector(file, columns.length, maxBytes) };
  });
  return { names, parts };
}

function readCell(file: string, { names }: CsvTable, { record, info }: CsvRecord, column: number): number {
  const cell = record[column] ?? '';
  const value = Number(cell);
  if (numeral.test(cell) && Number.isFinite(Math.fround(value))) return value;
  const name = names === null ? String(column) : showNames([names[column] ?? '']);
  const place = `line ${info.lines}, column ${name}`;
  if (cell === '') throw notFinite(file, 'no value', place);
  if (numeral.test(cell) || nonFinite.test(cell)) throw notFinite(file, cell.slice(0, 40), place);
  throw malformed(file, info.lines, `column ${name} holds ${showNames([cell])}, which is no number`);
}

/**
 * Reads numbers of a CSV file (RFC 4180), plain or gzip, with or without a header line.
 *
 * @throws LocopropError DATA_FILE_MISSING, DATA_FILE_UNREADABLE, DATA_MALFORMED, DATA_TOO_LARGE,
 *   DATA_NOT_FINITE, DATA_PART_MISSING, DATA_SOURCE_INVALID
 */
export async function readCsv(
  file: string,
  request: ColumnRequest,
  maxBytes: number,
): Promise<ExampleArrays> {
  const { chunks } = await openBytes(file, CHUNK_BYTES);
  const options = {
    bom: true,
    info: true,
    max_record_size: MOST_RECORD_CHARACTERS,
    skip_empty_lines: true,
    trim: true,
  };
  const records = through(chunks, parse(options)) as AsyncIterable<CsvRecord>;
  let table: CsvTable | undefined;
  try {
    for await (const record of records) {
      if (table === undefined) {
        table = startTable(file, record.record, request, maxBytes);
        if (table.names !== null) continue;
      }
      for (const { columns, rows } of table.parts) {
        const row = rows.add();
        for (let index = 0; index < columns.length; index += 1) {
          row[index] = readCell(file, table, record, columns[index] as number);
        }
      }
    }
  } catch (error) {
    throw parseFailure(file, error);
  } finally {
    chunks.destroy();
  }
  const [inputs, labels, targets] = table?.parts ?? [];
  if (inputs === undefined || inputs.rows.rows === 0) throw malformed(file, 1, 'the file holds no example');
  return {
    inputs: await inputs.rows.finish(),
    labels: labels === undefined || labels.columns.length === 0 ? null : await labels.rows.finish(),
    targets: targets === undefined || targets.columns.length === 0 ? null : await targets.rows.finish(),
  };
}
