import { messageOf } from '../../core/errors/message.js';
import { LocopropError } from '../../core/errors/error.js';
import type { JobFailure } from '../../core/job/record.js';

/** What a failure says to clients. Only failures of the catalogue may pass by themselves. */
export function failureOf(error: unknown): JobFailure {
  if (error instanceof LocopropError) {
    const { code, message, remedy, retryable } = error;
    return { code, message, remedy, retryable };
  }
  const message = messageOf(error);
  const remedy = "This is a defect of locoprop: report it with the coordinator's log.";
  return { code: 'UNEXPECTED', message, remedy, retryable: false };
}
