import type { ErrorEntry } from './error.js';

/** Job specs that are refused. */
export const specErrors = {
  SPEC_FILE_MISSING: {
    message: 'The spec {file} does not exist.',
    remedy: 'Check the path, or write a commented spec with `locoprop init`.',
    retryable: false,
    exitCode: 2,
  },
} as const satisfies Record<string, ErrorEntry>;
