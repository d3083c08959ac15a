import { LocopropError } from '../core/errors/error.js';
import { note, printJson } from './output.js';

/** Set to 1, it adds stack traces to failures. */
const TRACE = 'LOCOPROP_TRACE';

/** A failure as `--json` prints it. */
interface FailureDocument {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly remedy: string;
    readonly retryable: boolean;
  };
}

const unexpected = `This is a defect of locoprop. Run again with ${TRACE}=1 for the trace, and report it.`;

function describe(failure: unknown): FailureDocument['error'] {
  if (failure instanceof LocopropError) {
    const { code, message, remedy, retryable } = failure;
    return { code, message, remedy, retryable };
  }
  const text = failure instanceof Error ? failure.message : String(failure);
  const [message = ''] = text.split('\n');
  return { code: 'UNEXPECTED', message, remedy: unexpected, retryable: false };
}

/** Prints what ended a command, and returns the exit code for it. */
export function reportFailure(failure: unknown, { json }: { readonly json: boolean }): number {
  const error = describe(failure);
  if (json) printJson({ error } satisfies FailureDocument);
  else note(`error ${error.code}: ${error.message}\n${error.remedy}`);
  if (process.env[TRACE] === '1' && failure instanceof Error) note(failure.stack ?? failure.message);
  return failure instanceof LocopropError ? failure.exitCode : 1;
}
