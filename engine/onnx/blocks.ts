import { matricesByColumn } from '../../core/separable.js';
import type { CompiledRoutine } from '../../core/expression/routine.js';
import type { Shape } from '../../core/expression/shapes.js';
import { emitRoutine, type Emitted, type ModelMatrix } from './emit-routine.js';
import type { Graphs } from './emit.js';
import type { Names } from './graph.js';

/** How a layer is solved some columns after the others. */
export interface Blocks {
  /** Columns of each block, in their order. */
  readonly widths: readonly number[];
  /** The matrices of which each block takes its own columns. */
  readonly divided: ReadonlySet<string>;
}

/**
 * Widths are multiples of this but for the last: what the widest kernels of ONNX Runtime's products compute
 * side by side.
 */
const WIDTH_STEP = 16;
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

function evenWidths(columns: number, count: number): number[] {
  const boundary = (block: number): number =>
    Math.min(columns, WIDTH_STEP * Math.ceil((block * columns) / (count * WIDTH_STEP)));
  return Array.from({ length: count }, (_, block) => boundary(block + 1) - boundary(block));
}

/**
 * Adds a routine's nodes block by block, and puts the blocks' results together: matrices side by side, numbers
 * added up. What blocks share, as Xᵀ, is in the graph once for each: ONNX Runtime makes common subexpressions
 * one.
 * @param given what the routine's caller supplies, by its names there
 */
export function emitBlocks(
  routine: CompiledRoutine,
  graphs: Graphs,
  names: Names,
  given: ReadonlyMap<string, ModelMatrix>,
  passes: number,
  { widths, divided }: Blocks,
): Emitted {
  const { outer } = graphs;
  const perBlock = Array.from(given, ([name, whole]): [string, readonly ModelMatrix[]] => [
    name,
    divided.has(name) ? splitColumns(whole) : widths.map(() => whole),
  ]);
  const blocks = widths.map((_, block) => {
    const own = new Map(perBlock.map(([name, matrices]) => [name, matrices[block]!]));
    return emitRoutine(routine, graphs, names, own, passes);
  });
  const found = (name: string): ModelMatrix[] => blocks.map(({ matrices }) => matrices.get(name)!);
  const matrices = new Map([
    ...routine.outputs.map((name) => [name, sideBySide(found(name))] as const),
    ...routine.numbers.map((name) => [name, added(found(name))] as const),
  ]);
  return {
    matrices,
    products: blocks.flatMap(({ products }) => products),
    entries: Math.max(...blocks.map(({ entries }) => entries)),
  };

  function splitColumns({ value, shape }: ModelMatrix): ModelMatrix[] {
    const own = widths.map(() => names.next('block'));
    outer.node('Split', [value, outer.integers(widths)], { axis: 1 }, own);
    return widths.map((width, block) => ({ value: own[block]!, shape: [shape[0], width] }));
  }

  function sideBySide(matrices: readonly ModelMatrix[]): ModelMatrix {
    const columns = widths.reduce((total, width) => total + width, 0);
    return { value: joined('Concat', matrices, { axis: 1 }), shape: [matrices[0]!.shape[0], columns] };
  }

  function added(numbers: readonly ModelMatrix[]): ModelMatrix {
    return { value: joined('Sum', numbers), shape: numbers[0]!.shape };
  }

  function joined(opType: string, matrices: readonly ModelMatrix[], attributes = {}): string {
    return outer.node(
      opType,
      matrices.map(({ value }) => value),
      attributes,
    )[0]!;
  }
}
