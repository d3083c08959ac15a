import type { Bindings } from './expression.js';
import { compileBindings, type Program } from './program.js';

/**
 * What an engine runs in one call: `setup` once, then `loop` any number of times, then `final` once.
 * Names bind matrices: `setup` reads the call's inputs; the loop's body reads those, what setup bound,
 * and its own previous values, all of which it replaces at once; `final` reads everything.
 */
export interface Routine {
  readonly name: string;
  readonly setup: Bindings;
  readonly loop?: {
    /** Each name must be bound by `setup` or be an input: its value before the first pass. */
    readonly body: Bindings;
    /** A condition bound by the body; the loop ends early once it is false. */
    readonly while?: string;
  };
  readonly final?: Bindings;
  /** Names that the caller gets back. */
  readonly outputs: readonly string[];
}

/** A routine as programs; plain data. */
export interface CompiledRoutine {
  readonly name: string;
  readonly setup: Program;
  readonly loop: { readonly body: Program; readonly while: string | null } | null;
  readonly final: Program;
  readonly outputs: readonly string[];
  /** Names of the matrices that the caller supplies. */
  readonly inputs: readonly string[];
}

const pick = (bindings: Bindings, wanted: ReadonlySet<string>): Bindings =>
  Object.fromEntries(Object.entries(bindings).filter(([name]) => wanted.has(name)));

/** Orders a routine for evaluation and drops from `setup` and `final` what nothing reads. */
export function compileRoutine(routine: Routine): CompiledRoutine {
  const final = compileBindings(pick(routine.final ?? {}, new Set(routine.outputs)));
  const loop = routine.loop
    ? { body: compileBindings(routine.loop.body), while: routine.loop.while ?? null }
    : null;
  const read = new Set([...routine.outputs, ...final.inputs]);
  if (loop) for (const name of [...loop.body.inputs, ...Object.keys(loop.body.outputs)]) read.add(name);
  const setup = compileBindings(pick(routine.setup, read));

  const bound = new Set(Object.keys(setup.outputs));
  const carried = new Set(loop ? Object.keys(loop.body.outputs) : []);
  if (loop?.while) carried.delete(loop.while);
  const fromCaller = new Set(setup.inputs);
  for (const name of [...carried, ...(loop?.body.inputs ?? []), ...final.inputs, ...routine.outputs]) {
    const boundLater = name in final.outputs && !final.inputs.includes(name) && !carried.has(name);
    if (!bound.has(name) && !boundLater) fromCaller.add(name);
  }
  return { name: routine.name, setup, loop, final, outputs: routine.outputs, inputs: [...fromCaller] };
}
