import type { ErrorEntry } from './entry.js';

/** Wrong use of a command. */
export const cliErrors = {
  CLI_USAGE: {
    message: '{reason}',
    remedy: 'Run the command with --help to see its options and an example.',
    retryable: false,
    exitCode: 2,
  },
} as const satisfies Record<string, ErrorEntry>;
