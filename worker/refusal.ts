import type { RefusalCode } from '../services/rpc/refusals.js';

/** A request that is not carried out, for a reason that the coordinator is told. All else goes on. */
export class Refusal extends Error {
  readonly code: RefusalCode;

  constructor(code: RefusalCode, reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.name = 'Refusal';
    this.code = code;
  }
}

export const invalid = (reason: string): Refusal => new Refusal('REFUSAL_CODE_INVALID', reason);
