import { spawn } from 'node:child_process';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { LocopropError } from '../../core/errors/error.js';
import { ByteReader } from './byte-stream.js';
import { exampleParts, type ColumnRequest, type ExampleArrays, type ExamplePart } from './columns.js';
import { allocate, type NumericArray } from './numeric.js';
import type { ParquetFrame } from './parquet-decode.js';
import { PARQUET_FORMAT } from './parquet-table.js';
import { readFrames } from './parquet-wire.js';

const HEAP_MB = 512;
const STALL_MS = 60_000;
/** Rows written before other work may run; the first column's each touch fresh pages of memory. */
const ROWS_PER_TURN = 1 << 12;

/** Puts columns of values side by side, row by row; lets other work run in between. */
export async function assembleParquet(
  file: string,
  frames: AsyncIterable<ParquetFrame>,
  maxBytes: number,
): Promise<ExampleArrays> {
  const parts = {} as Record<ExamplePart, NumericArray & { data: Float32Array }>;
  for await (const frame of frames) {
    if (frame.kind === 'table') {
      for (const part of exampleParts) {
        const shape = [frame.rows, frame.widths[part]] as const;
        parts[part] = { file, shape, data: allocate(Float32Array, shape[0] * shape[1], { file, maxBytes }) };
      }
      continue;
    }
    const { data, shape } = parts[frame.part];
    const [, width = 0] = shape;
    for (let start = 0; start < frame.values.length; start += ROWS_PER_TURN) {
      const end = Math.min(frame.values.length, start + ROWS_PER_TURN);
      for (let row = start; row < end; row += 1) {
        data[(frame.firstRow + row) * width + frame.column] = frame.values[row] as number;
      }
      if (end < frame.values.length) await setImmediate();
    }
  }
  const optional = (part: ExamplePart): NumericArray | null =>
    parts[part].data.length === 0 ? null : parts[part];
  return { inputs: parts.inputs, labels: optional('labels'), targets: optional('targets') };
}

/**
 * Reads columns of numbers of a Parquet file. It is decoded in a process of its own with a bounded
 * heap: the library trusts lengths in the file, and running out of memory cannot be caught.
 *
 * @param stallMs how long the decoding may go on without a result
 * @throws LocopropError DATA_FILE_MISSING, DATA_FILE_UNREADABLE, DATA_MALFORMED, DATA_UNSUPPORTED,
 *   DATA_TOO_LARGE, DATA_NOT_FINITE, DATA_PART_MISSING, DATA_SOURCE_INVALID
 */
export async function readParquet(
  file: string,
  request: ColumnRequest,
  maxBytes: number,
  stallMs = STALL_MS,
): Promise<ExampleArrays> {
  const program = fileURLToPath(new URL('./parquet-process.js', import.meta.url));
  const { inputs, labels, targets } = request;
  const argv = [
    `--max-old-space-size=${HEAP_MB}`,
    program,
    file,
    JSON.stringify({ inputs, labels, targets }),
  ];
  // Without an environment, no NODE_OPTIONS or preloaded module of the parent gets in the way.
  const decoder = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'ignore'], env: {} });
  const unstarted = new Promise<never>((_, reject) => {
    decoder.once('error', (cause) => {
      const reason = `its decoder cannot be started: ${cause.message}`;
      reject(new LocopropError('DATA_FILE_UNREADABLE', { file, reason }, { cause }));
    });
  });
  const stall = setTimeout(() => decoder.kill('SIGKILL'), stallMs);
  const lost = (cause: unknown): LocopropError => {
    const reason = `decoding it took more than ${HEAP_MB} MB of memory, or ${stallMs / 1000} s without a result`;
    return new LocopropError(
      'DATA_MALFORMED',
      { file, format: PARQUET_FORMAT, place: 'in a page of it', reason },
      { cause },
    );
  };

  async function* frames(): AsyncGenerator<ParquetFrame, void> {
    const reader = new ByteReader(file, PARQUET_FORMAT, {
      chunks: decoder.stdout,
      most: Number.POSITIVE_INFINITY,
    });
    for await (const frame of readFrames(reader, lost)) {
      stall.refresh();
      yield frame;
    }
  }

  try {
    return await Promise.race([assembleParquet(file, frames(), maxBytes), unstarted]);
  } finally {
    clearTimeout(stall);
    decoder.kill('SIGKILL');
    decoder.stdout.destroy();
  }
}
