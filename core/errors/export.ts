import type { ErrorEntry } from './entry.js';

/** Exports of trained networks. */
export const exportErrors = {
  EXPORT_UNSUPPORTED: {
    message: 'The network cannot be exported as {format}: {reason}',
    remedy: 'Export it as {alternatives}.',
    retryable: false,
    exitCode: 1,
  },
} as const satisfies Record<string, ErrorEntry>;
