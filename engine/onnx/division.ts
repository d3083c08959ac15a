import type { CompiledRoutine } from '../../core/expression/routine.js';
import { matricesByColumn } from '../../core/separable.js';
import { withoutSharedProducts, type SharedProducts } from '../../core/shared-products.js';
import type { BackendCall, BackendTensor } from '../backend.js';
import { memoized } from '../memo.js';
import { evenWidths } from './blocks.js';
import { LEAST_PART } from './steady-threads.js';

/** A loop of fewer passes is over sooner than its matrices are copied for other threads. */
const LEAST_PASSES = 2;

/** How a routine is computed column by column. */
export interface Division extends SharedProducts {
  /** The matrices of which each thread takes its own columns. */
  readonly divided: ReadonlySet<string>;
}

/** Null where columns cannot be computed apart, or there is no loop that would make it worth it. */
export const divisionOf = memoized((routine: CompiledRoutine): Division | null => {
  const divided = routine.loop && matricesByColumn(routine);
  const products = divided && withoutSharedProducts(routine);
  return products && { ...products, divided };
});

/** How many columns each thread takes; null where they are too few for half of the threads. */
export function dividedWidths(
  { inputs, passes }: BackendCall<BackendTensor>,
  { divided }: Division,
  threads: number,
): number[] | null {
  const [columns, ...others] = new Set(Array.from(divided, (name) => inputs.get(name)!.shape[1]));
  const count = Math.min(threads, Math.floor(columns! / LEAST_PART));
  const useful = passes.length >= LEAST_PASSES && count > 1 && 2 * count >= threads;
  return useful && others.length === 0 ? evenWidths(columns!, count) : null;
}
