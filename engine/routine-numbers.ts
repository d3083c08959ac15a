import type { CompiledRoutine } from '../core/expression/routine.js';

/**
 * Numbers of routines that another thread has copies of. A routine that nobody has any more takes its number along;
 * `forget` is told of it, whenever the garbage collector has found out.
 */
export class RoutineNumbers {
  readonly #numbers = new WeakMap<CompiledRoutine, number>();
  readonly #gone: FinalizationRegistry<number>;
  #last = 0;

  constructor(forget: (number: number) => void) {
    this.#gone = new FinalizationRegistry(forget);
  }

  /** The number of a routine; `define` is called with that of one which has had none. */
  of(routine: CompiledRoutine, define: (number: number) => void): number {
    const known = this.#numbers.get(routine);
    if (known !== undefined) return known;
    const number = ++this.#last;
    this.#numbers.set(routine, number);
    this.#gone.register(routine, number);
    define(number);
    return number;
  }
}
