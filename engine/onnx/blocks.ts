import { matricesByColumn } from '../../core/separable.js';
import type { CompiledRoutine } from '../../core/expression/routine.js';
import type { Shape } from '../../core/expression/shapes.js';
import { COLUMNS_TOGETHER } from './steady-threads.js';

/** How a layer is solved some columns after the others. */
export interface Blocks {
  /** Columns of each block, in their order. */
  readonly widths: readonly number[];
  /** The matrices of which each block takes its own columns. */
  readonly divided: ReadonlySet<string>;
}

/**
 * A product with so many columns is as fast as one with more. And above 64 columns each has the same bits
 * whatever the width, as fewer go another way.
 */
const LEAST_WIDTH = 128;
/** A graph of so many takes a second to make. */
const MOST_BLOCKS = 32;
/** Blocks that are given more than so many times what they should be are not worth it. */
const SLACK = 2;

/**
 * The blocks of columns in which a layer's local problem is solved, or null where all columns go together:
 * another routine than one of separable columns, or no use in dividing.
 * @param most entries that a block should be given
 */
export function columnBlocks(
  routine: CompiledRoutine,
  shapes: ReadonlyMap<string, Shape>,
  most: number,
): Blocks | null {
  const divided = matricesByColumn(routine);
  if (!divided) return null;
  const own = [...divided].map((name) => shapes.get(name)!);
  const columns = own[0]![1];
  const entriesOfColumn = own.reduce((total, [rows]) => total + rows, 0);
  // Products no wider than tall have the same bits on any number of threads (see steadyThreads).
  const tall = Math.min(...own.map(([rows]) => rows).filter((rows) => rows >= LEAST_WIDTH));
  const wanted = Math.ceil(columns / Math.min(most / entriesOfColumn, tall));
  const count = Math.min(wanted, Math.floor(columns / LEAST_WIDTH), MOST_BLOCKS);
  const useful = count > 1 && (columns * entriesOfColumn) / count <= SLACK * most;
  return useful ? { widths: evenWidths(columns, count), divided } : null;
}

/** Widths of parts of so many columns: multiples of what a product computes side by side, but for the last. */
export function evenWidths(columns: number, count: number): number[] {
  const boundary = (block: number): number =>
    block === count ? columns : COLUMNS_TOGETHER * Math.round((block * columns) / (count * COLUMNS_TOGETHER));
  return Array.from({ length: count }, (_, block) => boundary(block + 1) - boundary(block));
}
