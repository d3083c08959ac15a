import { messageOf } from '../core/errors/message.js';
import { LocopropError } from '../core/errors/error.js';
import { RemoteError } from '../core/errors/remote-error.js';
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

const isKnown = (failure: unknown): failure is LocopropError | RemoteError =>
  failure instanceof LocopropError || failure instanceof RemoteError;

function describe(failure: unknown): FailureDocument['error'] {
  if (isKnown(failure)) {
    const { code, message, remedy, retryable } = failure;
    return { code, message, remedy, retryable };
  }
  const text = messageOf(failure);
  const [message = ''] = text.split('\n');
  return { code: 'UNEXPECTED', message, remedy: unexpected, retryable: false };
}

let toldTo: ((failure: FailureDocument['error']) => void) | null = null;

/** From now on failures go there instead of to standard error, as where a log of a form of its own goes. */
export function tellFailuresTo(log: (failure: FailureDocument['error']) => void): void {
  toldTo = log;
}

/** Prints what ended a command, and returns the exit code for it. */
export function reportFailure(failure: unknown, { json }: { readonly json: boolean }): number {
  const error = describe(failure);
  if (json) printJson({ error } satisfies FailureDocument);
  if (toldTo) toldTo(error);
  else if (!json) note(`error ${error.code}: ${error.message}\n${error.remedy}`);
  if (process.env[TRACE] === '1' && failure instanceof Error) note(failure.stack ?? failure.message);
  return isKnown(failure) ? failure.exitCode : 1;
}
