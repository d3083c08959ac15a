import type { Program } from '../../core/expression/program.js';
import type { CompiledRoutine } from '../../core/expression/routine.js';
import { evaluateScalar, type ScalarValues } from '../../core/expression/scalars.js';

/** Names of what a graph is given. */
export const feeds = {
  matrix: (name: string): string => `matrix ${name}`,
  setup: (scalar: number): string => `setup scalar ${scalar}`,
  /** A list: an entry for each pass. */
  pass: (scalar: number): string => `pass scalar ${scalar}`,
  final: (scalar: number): string => `final scalar ${scalar}`,
};

/** Numbers that a graph is given by name: one, or a list with one for each pass. */
export interface NumberFeeds {
  readonly single: ReadonlyMap<string, number>;
  readonly lists: ReadonlyMap<string, Float32Array>;
}

/** The scalars of a routine's programs, computed in float64. */
export const numberFeeds = (
  { setup, loop, final }: CompiledRoutine,
  scalars: ScalarValues,
  passes: readonly ScalarValues[],
): NumberFeeds => ({
  single: new Map([...singleFeeds(setup, scalars, feeds.setup), ...singleFeeds(final, scalars, feeds.final)]),
  lists: new Map(
    (loop?.body.scalars ?? []).map((expression, index) => [
      feeds.pass(index),
      Float32Array.from(passes, (pass) => evaluateScalar(expression, pass)),
    ]),
  ),
});

const singleFeeds = (
  program: Program,
  scalars: ScalarValues,
  feed: (index: number) => string,
): [string, number][] =>
  program.scalars.map((expression, index) => [feed(index), evaluateScalar(expression, scalars)]);
