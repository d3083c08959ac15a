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
  /** Names of the matrices that the caller gets back. */
  readonly outputs: readonly string[];
  /** Names of the [1, 1] matrices that the caller gets back as numbers. */
  readonly numbers?: readonly string[];
}

/** A routine as programs; plain data. */
export interface CompiledRoutine {
  readonly name: string;
  readonly setup: Program;
  readonly loop: { readonly body: Program; readonly while: string | null } | null;
  readonly final: Program;
  readonly outputs: readonly string[];
  readonly numbers: readonly string[];
  /** Names of the matrices that the caller supplies. */
  readonly inputs: readonly string[];
}

const pick = (bindings: Bindings, wanted: ReadonlySet<string>): Bindings =>
  Object.fromEntries(Object.entries(bindings).filter(([name]) => wanted.has(name)));

/** Orders a routine for evaluation and drops from `setup` and `final` what nothing reads. */
export function compileRoutine(routine: Routine): CompiledRoutine {
  const { name, outputs, numbers = [] } = routine;
  const results = [...outputs, ...numbers];
  const final = compileBindings(pick(routine.final ?? {}, new Set(results)));
  const loop = routine.loop
    ? { body: compileBindings(routine.loop.body), while: routine.loop.while ?? null }
    : null;

  const setup = compileBindings(pick(routine.setup, readAfterSetup({ loop, final, outputs, numbers })));
  const inputs = inputsOf({ setup, loop, final, outputs, numbers });
  return { name, setup, loop, final, outputs, numbers, inputs };
}

/** Names of the matrices that the caller of a routine of these programs supplies. */
export function inputsOf(routine: Omit<CompiledRoutine, 'name' | 'inputs'>): string[] {
  const { setup } = routine;
  const fromCaller = [...readAfterSetup(routine)].filter((needed) => !(needed in setup.outputs));
  return [...new Set([...setup.inputs, ...fromCaller])];
}

/** Names that the loop and `final` read, or that are results as they are. */
function readAfterSetup({
  loop,
  final,
  outputs,
  numbers,
}: Pick<CompiledRoutine, 'loop' | 'final' | 'outputs' | 'numbers'>): Set<string> {
  const carried = Object.keys(loop?.body.outputs ?? {}).filter((state) => state !== loop?.while);
  const returned = [...outputs, ...numbers].filter((result) => !(result in final.outputs));
  return new Set([...returned, ...final.inputs, ...(loop?.body.inputs ?? []), ...carried]);
}
