/** Does something once and returns how many seconds it took. */
export type Task = () => Promise<number>;

export interface Rounds {
  readonly rounds: number;
  /** Rounds before those, not counted: they compile routines and fill caches. */
  readonly warmups: number;
}

/**
 * Runs the tasks in turn, A B C A B C …, so that whatever else the machine does slows all of them alike;
 * what is compared are measurements of the same round.
 * @returns each task's seconds, round by round
 */
export async function interleave<Name extends string>(
  tasks: Readonly<Record<Name, Task>>,
  { rounds, warmups }: Rounds,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(tasks) as Name[];
  const seconds = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = -warmups; round < rounds; round++) {
    for (const name of names) {
      const measured = await tasks[name]();
      if (round >= 0) seconds[name].push(measured);
    }
  }
  return seconds;
}

/** What several rounds gave; a wide range tells that the machine was not quiet. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** @param values at least one */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((x, y) => x - y);
  const middle = (sorted.length - 1) / 2;
  const median = (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
  return { median, min: sorted[0]!, max: sorted.at(-1)! };
}

/** The ratio of each round. */
export const ratios = (numerators: readonly number[], denominators: readonly number[]): number[] =>
  numerators.map((numerator, round) => numerator / denominators[round]!);

/** Sums over several lists, round by round. */
export const roundSums = (lists: readonly (readonly number[])[]): number[] =>
  (lists[0] ?? []).map((_, round) => lists.reduce((total, list) => total + list[round]!, 0));
