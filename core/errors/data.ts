import type { ErrorEntry } from './error.js';

/** Datasets that cannot be found or read. */
export const dataErrors = {
  DATA_FILE_MISSING: {
    message: 'The data file {file} does not exist.',
    remedy: 'Check the path; relative paths start at the folder of the spec.',
    retryable: false,
    exitCode: 2,
  },
} as const satisfies Record<string, ErrorEntry>;
