import type { ErrorCode } from '../../../core/errors/catalogue.js';
import { dataErrors } from '../../../core/errors/data.js';
import type { serviceErrors } from '../../../core/errors/service.js';
import { specErrors } from '../../../core/errors/spec.js';

/** Of requests about jobs, each by itself. */
const ofService = {
  JOB_UNKNOWN: 404,
  JOB_STATE_CONFLICT: 409,
  JOB_CHANGED: 409,
  JOB_NOT_OURS: 409,
  JOB_TIME_LIMIT: 409,
  JOB_COORDINATORS_LOST: 409,
  JOB_KEY_REUSED: 422,
  JOB_PATH_REFUSED: 422,
  ARTIFACT_UNKNOWN: 404,
  DATASET_UNKNOWN: 404,
  DATASET_TOO_LARGE: 413,
  DATASET_DIGEST_MISMATCH: 422,
  DATASET_IN_USE: 409,
  CURSOR_INVALID: 400,
  REQUEST_INVALID: 400,
  REQUEST_TOO_LARGE: 413,
  REQUEST_TOO_SLOW: 408,
  ROUTE_UNKNOWN: 404,
  MEDIA_TYPE_UNKNOWN: 415,
  TOKEN_MISSING: 401,
  TOKEN_INVALID: 401,
  TOKEN_INSUFFICIENT: 403,
  RATE_LIMITED: 429,
  SERVICE_UNAVAILABLE: 503,
  SERVICE_UNREACHABLE: 503,
  SERVICE_UNTRUSTED: 500,
  SERVICE_FAILED: 500,
  SERVICE_ANSWER_INVALID: 500,
  CLIENT_FILE_INVALID: 500,
  QUEUE_UNAVAILABLE: 503,
  QUEUE_MISCONFIGURED: 503,
  STORE_UNAVAILABLE: 503,
  SETTING_INVALID: 500,
} as const satisfies Record<keyof typeof serviceErrors, number>;

const exceptions: Partial<Record<ErrorCode, number>> = {
  ...ofService,
  // Bad syntax, where all else that is wrong with a spec is what it says.
  SPEC_SYNTAX: 400,
  STORE_NO_CHECKPOINT: 409,
  EXPORT_UNSUPPORTED: 422,
  STORE_READ_FAILED: 503,
  STORE_WRITE_FAILED: 503,
  STORE_LOCKED: 503,
};

/** The HTTP status of a failure: 422 for what a spec says, 500 for what no client can help. */
export function statusOf(code: ErrorCode): number {
  const status = exceptions[code];
  if (status !== undefined) return status;
  return code in specErrors || code in dataErrors ? 422 : 500;
}

/** Failures of this kind are the coordinator's own: its log has them. */
export const isOwnFault = (status: number): boolean => status >= 500;

const titles: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Not authenticated',
  403: 'Not allowed',
  404: 'Not found',
  408: 'Too slow',
  409: 'Conflict',
  413: 'Too large',
  415: 'Media type not supported',
  422: 'Cannot be processed',
  429: 'Too many requests',
  431: 'Header fields too large',
  500: 'Internal failure',
  503: 'Not available now',
};

/** A status in words. */
export const titleOf = (status: number): string => titles[status] ?? `Status ${status}`;
