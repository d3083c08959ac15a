import type { RefusalCode } from '../services/rpc/messages.js';

/** Whether the same request may succeed later or elsewhere; see the protocol. */
const retryable: Readonly<Record<RefusalCode, boolean>> = {
  REFUSAL_CODE_PART_UNKNOWN: false,
  REFUSAL_CODE_STEP_STALE: false,
  REFUSAL_CODE_MEMORY_EXCEEDED: false,
  REFUSAL_CODE_INVALID: false,
  REFUSAL_CODE_CORRUPT: true,
  REFUSAL_CODE_DRAINING: true,
  REFUSAL_CODE_ENGINE_FAILED: true,
};

/** A request that is not carried out, for a reason that the coordinator is told. All else goes on. */
export class Refusal extends Error {
  readonly code: RefusalCode;
  readonly retryable: boolean;

  constructor(code: RefusalCode, reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.name = 'Refusal';
    this.code = code;
    this.retryable = retryable[code];
  }
}

export const invalid = (reason: string): Refusal => new Refusal('REFUSAL_CODE_INVALID', reason);
