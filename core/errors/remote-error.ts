import { catalogue } from './catalogue.js';
import type { ErrorEntry } from './entry.js';

/** What a coordinator says of a request that it refused. */
export interface Refusal {
  /** Of the catalogue of its version, which may be a later one. */
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  readonly retryable: boolean;
}

/** A failure at a coordinator, as it told it. */
export class RemoteError extends Error {
  readonly code: string;
  readonly remedy: string;
  readonly retryable: boolean;
  readonly exitCode: 1 | 2;

  constructor({ code, message, remedy, retryable }: Refusal) {
    super(message);
    this.name = 'RemoteError';
    this.code = code;
    this.remedy = remedy;
    this.retryable = retryable;
    const known: Readonly<Record<string, ErrorEntry>> = catalogue;
    this.exitCode = (Object.hasOwn(known, code) && known[code]?.exitCode) || 1;
  }
}
