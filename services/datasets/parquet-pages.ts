import type { ColumnMetaData } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';

/** Bytes that levels, run lengths and block headers can add to a page's values. */
const PAGE_OVERHEAD_BYTES = 1 << 16;
/** Of a number at its widest, and its levels. */
const BYTES_PER_VALUE = 16;
/** `PAR1` at the start of the file; metadata length and `PAR1` at its end. */
const HEAD_BYTES = 4;
const TAIL_BYTES = 8;

/** Where a column chunk lies in the file, from the metadata. */
export function chunkRange(metadata: ColumnMetaData, fileBytes: number): { start: number; end: number } {
  const {
    dictionary_page_offset: dictionary,
    data_page_offset: data,
    total_compressed_size: size,
  } = metadata;
  const start = Number(dictionary !== undefined && dictionary > 0n && dictionary < data ? dictionary : data);
  const end = start + Number(size);
  if (!(start >= HEAD_BYTES && end > start && end <= fileBytes - TAIL_BYTES)) {
    throw new Error(`it should lie in bytes ${start} to ${end} of a file of ${fileBytes}`);
  }
  return { start, end };
}

const within = (value: unknown, low: number, high: number): boolean =>
  typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high;

/**
 * Walks the page headers of a column chunk and refuses sizes that do not fit the rows it has. The
 * library takes memory by these sizes, unchecked. `parquetHeader` is outside its documented surface:
 * package.json pins its version.
 *
 * @param chunk the chunk's bytes
 * @param rows of the row group; a flat column has as many values
 */
export function checkPages(chunk: ArrayBuffer, rows: number): void {
  const reader = { view: new DataView(chunk), offset: 0 };
  let values = 0;
  while (values < rows) {
    const start = reader.offset;
    const fail = (reason: string): Error => new Error(`the page at byte ${start} of it ${reason}`);
    if (start >= chunk.byteLength) throw new Error(`its pages hold ${values} values, not ${rows}`);
    const header = parquetHeader(reader);
    const page = header.data_page_header ?? header.data_page_header_v2 ?? header.dictionary_page_header;
    const count = page?.num_values;
    if (!within(count, 0, rows - values)) throw fail(`declares ${count} values of at most ${rows - values}`);
    const nulls = header.data_page_header_v2?.num_nulls ?? 0;
    if (!within(nulls, 0, Number(count))) throw fail(`declares ${nulls} nulls`);
    const mostBytes = Number(count) * BYTES_PER_VALUE + PAGE_OVERHEAD_BYTES;
    if (!within(header.uncompressed_page_size, 0, mostBytes)) {
      throw fail(`declares ${header.uncompressed_page_size} bytes for ${count} values`);
    }
    if (!within(header.compressed_page_size, 0, chunk.byteLength - reader.offset)) {
      throw fail(`declares ${header.compressed_page_size} bytes, more than the column chunk has`);
    }
    reader.offset += header.compressed_page_size;
    if (header.type !== 'DICTIONARY_PAGE') values += Number(count);
  }
}
