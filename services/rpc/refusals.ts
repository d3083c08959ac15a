/** What becomes of a request that a worker refuses, and of the worker. */
export interface Consequence {
  /** Whether it is tried elsewhere; if not, the run ends. */
  readonly elsewhere: boolean;
  /** Whether the worker stays, without the part; if not, it has to join anew. */
  readonly stays: boolean;
}

/** By the codes of proto/locoprop/v1/workers.proto, which says what they mean. */
export const refusals = {
  // The two ends disagree about what the worker has.
  REFUSAL_CODE_PART_UNKNOWN: { elsewhere: true, stays: false },
  REFUSAL_CODE_STEP_STALE: { elsewhere: true, stays: false },
  REFUSAL_CODE_MEMORY_EXCEEDED: { elsewhere: true, stays: true },
  // Others would refuse it too.
  REFUSAL_CODE_INVALID: { elsewhere: false, stays: false },
  REFUSAL_CODE_DRAINING: { elsewhere: true, stays: true },
  REFUSAL_CODE_ENGINE_FAILED: { elsewhere: true, stays: false },
} as const satisfies Readonly<Record<string, Consequence>>;

export type RefusalCode = keyof typeof refusals;

/** A code of a later revision of the protocol comes as its number. */
export const consequenceOf = (code: RefusalCode): Consequence =>
  Object.hasOwn(refusals, code) ? refusals[code] : { elsewhere: true, stays: false };
