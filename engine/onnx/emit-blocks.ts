import type { CompiledRoutine } from '../../core/expression/routine.js';
import type { Blocks } from './blocks.js';
import { emitRoutine, type Emitted, type ModelMatrix } from './emit-routine.js';
import type { Graphs } from './emit.js';
import type { Names } from './graph.js';

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
