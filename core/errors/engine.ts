import type { ErrorEntry } from './error.js';

/** Compute engines. */
export const engineErrors = {
  ENGINE_UNAVAILABLE: {
    message: 'The engine {engine} cannot be used here: {reason}',
    remedy: 'Run `locoprop doctor` to see the engines of this machine and how to get one.',
    retryable: false,
    exitCode: 1,
  },
} as const satisfies Record<string, ErrorEntry>;
