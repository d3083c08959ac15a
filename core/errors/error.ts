import { catalogue, type ErrorCode } from './catalogue.js';
import type { ErrorEntry } from './entry.js';

export type ErrorDetails = Readonly<Record<string, string | number | boolean | undefined>>;

const fill = (template: string, details: ErrorDetails): string =>
  template.replace(/\{(\w+)\}/g, (_, name: string) => String(details[name] ?? `{${name}}`));

/** Every failure that a user can meet, with a code of the catalogue. */
export class LocopropError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;
  readonly remedy: string;
  readonly retryable: boolean;
  readonly exitCode: 1 | 2;

  constructor(code: ErrorCode, details: ErrorDetails = {}, options?: ErrorOptions) {
    const entry: ErrorEntry = catalogue[code];
    super(fill(entry.message, details), options);
    this.name = 'LocopropError';
    this.code = code;
    this.details = details;
    this.remedy = fill(entry.remedy, details);
    this.retryable = entry.retryable;
    this.exitCode = entry.exitCode;
  }
}
