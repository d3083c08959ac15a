/** A layer as far as the memory of its parts goes. */
export interface PartShape {
  readonly inputs: number;
  /** How many slots the optimizer keeps for each parameter. */
  readonly slots: number;
}

/** Engines and the wire hold float32. */
const FLOAT_BYTES = 4;

/**
 * Bytes that a part of `columns` columns takes where it lives, for batches of `batch` examples: its state,
 * weights [inputs, columns] and bias [1, columns] with their slots, twice, as a solve's result stands
 * beside what it started from until the next step; and of a solve X [batch, inputs] and R⁰, A and T
 * [batch, columns] each.
 */
export function partBytes({ inputs, slots }: PartShape, columns: number, batch: number): number {
  const state = (inputs + 1) * columns * (1 + slots);
  return FLOAT_BYTES * (2 * state + batch * inputs + 3 * batch * columns);
}
