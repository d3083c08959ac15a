import { createHash, timingSafeEqual } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { readTokens, tokenRoles, type TokenLine, type TokenRole } from './token-file.js';

/** Whom a token stands for; never the token itself. */
export interface TokenHolder {
  /** The same for the same token, and nothing can be learned from it. */
  readonly id: string;
  readonly role: TokenRole;
  readonly name: string;
}

/** The tokens that an API accepts. */
export interface Tokens {
  /** Whose token this is; null where it is nobody's. */
  find(token: string): TokenHolder | null;
}

/** Tokens of a file, as the file has them now. */
export interface WatchedTokens extends Tokens {
  /** Ends looking at the file. */
  close(): void;
}

export interface WatchOptions {
  readonly onReload?: (count: number) => void;
  /** The file is broken or gone: the tokens of before stay in force. Told once for each such state of it. */
  readonly onFailure?: (error: unknown) => void;
  /** Milliseconds between two looks at the file. */
  readonly intervalMs?: number;
}

const INTERVAL_MS = 1000;

/** Whether a role allows what needs another one. */
export const allows = (role: TokenRole, needed: TokenRole): boolean =>
  tokenRoles.indexOf(role) >= tokenRoles.indexOf(needed);

const digestOf = (token: string): Buffer => createHash('sha256').update(token).digest();

/** Tokens that do not change. */
export function fixedTokens(lines: readonly TokenLine[]): Tokens {
  const known = lines.map(({ role, token, name }) => {
    const digest = digestOf(token);
    return { digest, holder: { id: digest.toString('hex').slice(0, 16), role, name } };
  });
  return {
    find(token) {
      const digest = digestOf(token);
      let found: TokenHolder | null = null;
      // To the end, and by digest, so that the time tells nothing of the tokens.
      for (const one of known) if (timingSafeEqual(one.digest, digest)) found = one.holder;
      return found;
    },
  };
}

/**
 * The tokens of a file, read again whenever it changes. It is looked at, not watched, for mounted secrets are
 * swapped by links that notices of the file system do not tell of.
 *
 * @throws CLUSTER_CREDENTIALS_INVALID where the file cannot be used to begin with
 */
export async function openTokens(file: string, options: WatchOptions = {}): Promise<WatchedTokens> {
  const { onReload, onFailure, intervalMs = INTERVAL_MS } = options;
  // Before it is read: a change in between is then seen as one.
  let seen = await stateOf(file);
  let tokens = fixedTokens(await readTokens(file));
  let looking = false;

  async function look(): Promise<void> {
    const state = await stateOf(file);
    if (state === seen) return;
    seen = state;
    try {
      const lines = await readTokens(file);
      tokens = fixedTokens(lines);
      onReload?.(lines.length);
    } catch (error) {
      onFailure?.(error);
    }
  }

  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    void look().finally(() => (looking = false));
  }, intervalMs);
  timer.unref();
  return {
    find: (token) => tokens.find(token),
    close: () => clearInterval(timer),
  };
}

/** Differs whenever the file does. */
const stateOf = (file: string): Promise<string> =>
  stat(file, { bigint: true }).then(
    ({ ino, size, mode, mtimeNs, ctimeNs }) => [ino, size, mode, mtimeNs, ctimeNs].join(' '),
    // Why it cannot be read is told by reading it.
    () => 'unreadable',
  );
