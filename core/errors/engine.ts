import type { ErrorEntry } from './entry.js';

/** Compute engines. */
export const engineErrors = {
  ENGINE_UNAVAILABLE: {
    message: 'The engine {engine} cannot be used here: {reason}',
    remedy: 'Run `locoprop doctor` to see the engines of this machine and how to get one.',
    retryable: false,
    exitCode: 1,
  },
  ENGINE_CALL_FAILED: {
    message: 'The engine {engine} could not carry out a computation: {reason}',
    remedy:
      'If memory ran out, use a smaller batch or layer. Shapes that do not fit are those of a formula: with plugins, look at theirs. ' +
      'Else run `locoprop doctor` and `locoprop verify`.',
    retryable: false,
    exitCode: 1,
  },
  ENGINE_LOST: {
    message: 'The engine {engine} is gone: {reason}',
    remedy:
      'Continue from the last checkpoint with `locoprop train --resume`; if it happens again, try another engine.',
    retryable: true,
    exitCode: 1,
  },
  VECTORS_MISSING: {
    message: 'There are no conformance vectors in {directory}: {reason}',
    remedy: 'Name a folder that holds such files, as test/vectors of this project does.',
    retryable: false,
    exitCode: 2,
  },
  VECTORS_INVALID: {
    message: 'The conformance vectors in {file} cannot be used; {place}: {reason}',
    remedy: 'Mend the file; test/vectors/README.md describes the format.',
    retryable: false,
    exitCode: 2,
  },
} as const satisfies Record<string, ErrorEntry>;
