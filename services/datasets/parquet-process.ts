import { once } from 'node:events';
import { LocopropError } from '../../core/errors/error.js';
import type { ColumnRequest } from './columns.js';
import { decodeParquet } from './parquet-decode.js';
import { frameBytes, type WireHead } from './parquet-wire.js';

/**
 * The program of the decoding process: reads the file that its arguments name and writes frames to
 * its output; the last one says how it ended.
 */
const [file = '', request = '{}'] = process.argv.slice(2);

async function write(head: WireHead, values?: Float32Array): Promise<void> {
  for (const bytes of frameBytes(head, values)) {
    if (!process.stdout.write(bytes)) await once(process.stdout, 'drain');
  }
}

try {
  for await (const frame of decodeParquet(file, JSON.parse(request) as ColumnRequest)) {
    if (frame.kind === 'table') await write(frame);
    else await write({ ...frame, values: frame.values.length }, frame.values);
  }
  await write({ kind: 'end' });
} catch (error) {
  if (!(error instanceof LocopropError)) throw error;
  await write({ kind: 'error', code: error.code, details: error.details });
}
