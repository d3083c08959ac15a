import { getSystemErrorMap } from 'node:util';
import { LocopropError } from '../../core/errors/error.js';

const isSystemError = (cause: unknown): cause is NodeJS.ErrnoException =>
  cause instanceof Error && 'code' in cause;

/** Whether a failure of the file system has one of these codes, such as `ENOENT`. */
export const hasCode = (cause: unknown, ...codes: string[]): boolean =>
  isSystemError(cause) && codes.includes(cause.code ?? '');

/** What a failure says for itself: `no space left on device`, without the call and the temporary names. */
export function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const known =
    isSystemError(cause) && cause.errno !== undefined ? getSystemErrorMap().get(cause.errno) : undefined;
  return known?.[1] ?? cause.message;
}

/** The STORE_WRITE_FAILED of what the file system threw. */
export const writeFailed = (file: string, cause: unknown): LocopropError =>
  new LocopropError('STORE_WRITE_FAILED', { file, reason: reasonOf(cause) }, { cause });

/** The STORE_READ_FAILED of what the file system threw. */
export const readFailed = (file: string, cause: unknown): LocopropError =>
  new LocopropError('STORE_READ_FAILED', { file, reason: reasonOf(cause) }, { cause });
