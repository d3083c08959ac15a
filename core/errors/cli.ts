import type { ErrorEntry } from './entry.js';

/** Wrong use of a command. */
export const cliErrors = {
  CLI_USAGE: {
    message: '{reason}',
    remedy: 'Run the command with --help to see its options and an example.',
    retryable: false,
    exitCode: 2,
  },
  CLI_FIELD_FIXED: {
    message: 'The field {field} cannot be changed when a run is continued.',
    remedy:
      'Change only {allowed}; for anything else start a new run, with `initialWeights` set to this one.',
    retryable: false,
    exitCode: 2,
  },
  CLI_FILE_EXISTS: {
    message: 'The file {file} exists already.',
    remedy: 'Name another file, or replace this one with --force.',
    retryable: false,
    exitCode: 2,
  },
} as const satisfies Record<string, ErrorEntry>;
