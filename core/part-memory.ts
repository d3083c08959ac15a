/** What of a part its memory depends on. */
export interface PartSize {
  readonly inputs: number;
  /** Columns of the part. */
  readonly units: number;
  /** Slots of the optimizer. */
  readonly slots: number;
  /** Examples of the largest batch. */
  readonly batch: number;
  /** Solved in closed form. */
  readonly exact: boolean;
}

/**
 * Bytes that a worker sets aside for a part. A coordinator plans with the same number, so that what it
 * sends fits what was announced.
 *
 * @param entryBytes of the engine's numbers
 */
export function partBytes({ inputs, units, slots, batch, exact }: PartSize, entryBytes = 4): number {
  const parameters = (inputs + 1) * units;
  // The settled state and the new one beside it.
  const states = 2 * (1 + slots) * parameters;
  // X, and R⁰, A and T.
  const problem = batch * (inputs + 3 * units);
  // XᵀX being swept, before and after a pass, and X less its mean; else Xᵀ and, entry by entry, what the
  // gradient and the update are made of.
  const work = exact
    ? 3 * inputs ** 2 + batch * (inputs + units) + 2 * parameters
    : batch * (inputs + 2 * units) + (2 + slots) * parameters;
  // The answer is kept as it was sent, for a request that is repeated.
  return entryBytes * (states + problem + work) + 4 * parameters;
}
