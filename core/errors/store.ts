import type { ErrorEntry } from './error.js';

/** Checkpoints and other files of a run. */
export const storeErrors = {
  STORE_WRITE_FAILED: {
    message: 'Cannot write {file}: {reason}',
    remedy: 'Free space or mend the permissions, then continue with `locoprop train --resume`; earlier checkpoints are untouched.',
    retryable: true,
    exitCode: 1,
  },
} as const satisfies Record<string, ErrorEntry>;
