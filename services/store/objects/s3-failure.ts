import { LocopropError } from '../../../core/errors/error.js';
import { reasonOf } from '../failure.js';

interface Answer {
  readonly name?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

const answerOf = (cause: unknown): Answer => (cause instanceof Error ? cause : {});

const statusOf = (cause: unknown): number | null => answerOf(cause).$metadata?.httpStatusCode ?? null;

/** The object is not there; a bucket that is not there is another matter. */
export const isMissing = (cause: unknown): boolean =>
  statusOf(cause) === 404 && answerOf(cause).name !== 'NoSuchBucket';

/** `If-None-Match` has not held. */
export const isTaken = (cause: unknown): boolean => statusOf(cause) === 412;

/** Two conditional writes have met, and the server asks that this one be sent again. */
export const isConflict = (cause: unknown): boolean => statusOf(cause) === 409;

/** The range begins at the object's end, or behind it. */
export const isBehindEnd = (cause: unknown): boolean => statusOf(cause) === 416;

/**
 * What a failure of the client becomes: the server or the way to it cannot be used, or this one object. The
 * client has then tried what may pass several times.
 */
export function s3Failed(
  code: 'STORE_READ_FAILED' | 'STORE_WRITE_FAILED',
  { location, file }: { readonly location: string; readonly file: string },
  cause: unknown,
): LocopropError {
  if (cause instanceof LocopropError) return cause;
  const status = statusOf(cause);
  const { name = 'Error' } = answerOf(cause);
  const ofObject =
    status !== null && status >= 400 && status < 500 && ![408, 429].includes(status) && !isBucketWide(name);
  const reason = status === null ? reasonOf(cause) : `${name}: ${reasonOf(cause)} (status ${status})`;
  return ofObject
    ? new LocopropError(code, { file, reason }, { cause })
    : new LocopropError('STORE_UNAVAILABLE', { location, reason }, { cause });
}

const isBucketWide = (name: string): boolean =>
  ['NoSuchBucket', 'InvalidAccessKeyId', 'SignatureDoesNotMatch', 'ExpiredToken'].includes(name);
