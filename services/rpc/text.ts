import { messageOf } from '../../core/errors/message.js';
import { MAX_TEXT_LENGTH } from './limits.js';

/** A text of the peer, or a failure's, for logs and errors: it neither breaks the line nor fills the screen. */
export const plainLine = (text: string): string => {
  const line = text.replace(/[\p{Cc}\p{Cf}\u2028\u2029\ud800-\udfff]+/gu, ' ').trim();
  return line.length > MAX_TEXT_LENGTH ? `${line.slice(0, MAX_TEXT_LENGTH)}…` : line;
};

export const reasonOf = (cause: unknown): string => plainLine(messageOf(cause));
