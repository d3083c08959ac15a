import { crc32 } from 'node:zlib';
import type { Matrix } from '../core/matrix.js';
import type { Solve } from '../services/rpc/messages.js';
import { contentKey } from './content-key.js';

/** The matrices of a Solve. */
export interface Problem {
  readonly inputs: Matrix<Float32Array>; // X [examples, inputs]
  readonly displacement: Matrix<Float32Array>; // R⁰ [examples, units]
}

/**
 * Of all that a solution depends on, besides the state it starts from: numbers as they are, matrices by
 * the checksum that they also travel with.
 */
export function digestOf({ scalars, passes, updates }: Solve, { inputs, displacement }: Problem): string {
  const checksums = [inputs, displacement].map(({ rows, columns, data }) => [rows, columns, crc32(data)]);
  return contentKey([scalars?.values, passes.map(({ values }) => values), updates, checksums]);
}
