import { Metadata, status as Status, type StatusObject } from '@grpc/grpc-js';
import { randomUUID } from 'node:crypto';
import type { ErrorCode } from '../../../core/errors/catalogue.js';
import { dataErrors } from '../../../core/errors/data.js';
import { SpecRefusal, type SpecProblem } from '../../../core/errors/spec-refusal.js';
import { LocopropError } from '../../../core/errors/error.js';
import { catalogue } from '../../../core/errors/catalogue.js';
import { serviceErrors } from '../../../core/errors/service.js';
import { specErrors } from '../../../core/errors/spec.js';
import { plainLine } from '../../../services/rpc/text.js';

/** Of the errors that are about requests. */
const statusOfServiceError: Readonly<Record<keyof typeof serviceErrors, Status>> = {
  JOB_UNKNOWN: Status.NOT_FOUND,
  JOB_STATE_CONFLICT: Status.FAILED_PRECONDITION,
  JOB_CHANGED: Status.ABORTED,
  JOB_NOT_OURS: Status.ABORTED,
  JOB_TIME_LIMIT: Status.FAILED_PRECONDITION,
  JOB_COORDINATORS_LOST: Status.FAILED_PRECONDITION,
  JOB_KEY_REUSED: Status.FAILED_PRECONDITION,
  JOB_PATH_REFUSED: Status.INVALID_ARGUMENT,
  ARTIFACT_UNKNOWN: Status.NOT_FOUND,
  DATASET_UNKNOWN: Status.NOT_FOUND,
  DATASET_TOO_LARGE: Status.RESOURCE_EXHAUSTED,
  DATASET_DIGEST_MISMATCH: Status.DATA_LOSS,
  DATASET_IN_USE: Status.FAILED_PRECONDITION,
  CURSOR_INVALID: Status.INVALID_ARGUMENT,
  REQUEST_INVALID: Status.INVALID_ARGUMENT,
  REQUEST_TOO_LARGE: Status.RESOURCE_EXHAUSTED,
  REQUEST_TOO_SLOW: Status.DEADLINE_EXCEEDED,
  ROUTE_UNKNOWN: Status.UNIMPLEMENTED,
  MEDIA_TYPE_UNKNOWN: Status.INVALID_ARGUMENT,
  TOKEN_MISSING: Status.UNAUTHENTICATED,
  TOKEN_INVALID: Status.UNAUTHENTICATED,
  TOKEN_INSUFFICIENT: Status.PERMISSION_DENIED,
  RATE_LIMITED: Status.RESOURCE_EXHAUSTED,
  SERVICE_UNAVAILABLE: Status.UNAVAILABLE,
  SERVICE_UNREACHABLE: Status.UNAVAILABLE,
  SERVICE_FAILED: Status.INTERNAL,
  SERVICE_UNTRUSTED: Status.FAILED_PRECONDITION,
  SERVICE_ANSWER_INVALID: Status.FAILED_PRECONDITION,
  CLIENT_FILE_INVALID: Status.FAILED_PRECONDITION,
  QUEUE_UNAVAILABLE: Status.UNAVAILABLE,
  QUEUE_MISCONFIGURED: Status.FAILED_PRECONDITION,
  STORE_UNAVAILABLE: Status.UNAVAILABLE,
  SETTING_INVALID: Status.FAILED_PRECONDITION,
};

const isServiceError = (code: ErrorCode): code is keyof typeof serviceErrors =>
  Object.hasOwn(serviceErrors, code);

/** Specs and the data that they name are what a client sends. */
const isInput = (code: ErrorCode): boolean =>
  Object.hasOwn(specErrors, code) || Object.hasOwn(dataErrors, code);

/** The status that tells a client of an error: the only place that says so. */
export function statusOfCode(code: ErrorCode): Status {
  if (isServiceError(code)) return statusOfServiceError[code];
  if (catalogue[code].retryable) return Status.UNAVAILABLE;
  return isInput(code) ? Status.INVALID_ARGUMENT : Status.FAILED_PRECONDITION;
}

/** Told of what is none of the catalogue's errors, under the number that the client is given of it. */
export type ReportFailure = (request: string, cause: unknown) => void;

/** Any failure as one of the catalogue. */
export function asLocoprop(cause: unknown, report: ReportFailure): LocopropError {
  if (cause instanceof LocopropError) return cause;
  const request = randomUUID();
  report(request, cause);
  return new LocopropError('SERVICE_FAILED', { request }, { cause });
}

/** Headers hold ASCII only: as in `grpc-message`, the rest is percent-encoded. */
const headerText = (text: string): string => plainLine(text).replace(/[^\x20-\x7e]|%/gu, encodeURIComponent);

/** The status that ends a call with an error. Its message starts with the code, for people. */
export function statusOf(error: LocopropError): StatusObject {
  const metadata = new Metadata();
  metadata.set('locoprop-error-code', error.code);
  metadata.set('locoprop-error-remedy', headerText(error.remedy));
  metadata.set('locoprop-error-retryable', String(error.retryable));
  if (error instanceof SpecRefusal) metadata.set('locoprop-error-problems', problemsText(error.problems));
  const { request } = error.details;
  if (error.code === 'SERVICE_FAILED') metadata.set('locoprop-request-id', String(request));
  return { code: statusOfCode(error.code), details: statusText(error), metadata };
}

/** Of the problems of a spec, one stands on a line; a trailer of more than some KiB may be refused. */
const MAX_MESSAGE_LENGTH = 2000;
const MAX_PROBLEMS_LENGTH = 4000;

/** As JSON, in ASCII; as many as a header may hold. */
function problemsText(problems: readonly SpecProblem[]): string {
  for (let { length } = problems; length > 0; length -= 1) {
    const text = headerText(JSON.stringify(problems.slice(0, length)));
    if (text.length <= MAX_PROBLEMS_LENGTH) return text;
  }
  return '[]';
}

function statusText({ code, message }: LocopropError): string {
  const text = `${code}: ${message.replace(/[^\P{Cc}\n]|[\p{Cf}\p{Cs}\u2028\u2029]/gu, ' ').trim()}`;
  return text.length > MAX_MESSAGE_LENGTH ? `${cutOff(text)}…` : text;
}

/** Not within a pair of surrogates. */
const cutOff = (text: string): string => text.slice(0, MAX_MESSAGE_LENGTH).replace(/\p{Cs}$/u, '');
