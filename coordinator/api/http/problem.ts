import { LocopropError } from '../../../core/errors/error.js';
import { SpecRefusal } from '../../../core/errors/spec-refusal.js';
import { statusOf, titleOf } from './status.js';
import type { Problem } from './schemas/problem.js';

export const PROBLEM_TYPE = 'application/problem+json';

/** The body of an answer that refuses, after RFC 9457. */
export const problemOf = (
  error: LocopropError,
  requestId: string,
  status = statusOf(error.code),
): Problem => ({
  type: `urn:locoprop:error:${error.code}`,
  title: titleOf(status),
  status,
  detail: error.message,
  code: error.code,
  remedy: error.remedy,
  retryable: error.retryable,
  ...(error instanceof SpecRefusal && { problems: [...error.problems] }),
  instance: `urn:uuid:${requestId}`,
});

/** Any failure as one of the catalogue: what is unknown keeps its trace to the log. */
export const knownError = (error: unknown, requestId: string): LocopropError =>
  error instanceof LocopropError
    ? error
    : new LocopropError('SERVICE_FAILED', { request: requestId }, { cause: error });

export const invalidRequest = (reason: string): LocopropError =>
  new LocopropError('REQUEST_INVALID', { reason });
