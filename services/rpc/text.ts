import { messageOf } from '../../core/errors/message.js';
import { MAX_TEXT_LENGTH } from './limits.js';

/** A text of the peer, or a failure's, for logs and errors: it neither breaks the line nor fills the screen. */
export const plainLine = (text: string, length = MAX_TEXT_LENGTH): string => {
  // A text of megabytes would take half a second.
  const start = text.slice(0, 10 * length);
  const line = start.replace(/[\p{Cc}\p{Cf}\u2028\u2029\ud800-\udfff]+/gu, ' ').trim();
  return line.length > length ? `${line.slice(0, length - 1)}…` : line;
};

export const reasonOf = (cause: unknown): string => plainLine(messageOf(cause));
