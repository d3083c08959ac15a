import { randomBytes } from 'node:crypto';
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeFailed } from '../store/failure.js';
import { invalid, readCredential } from './secret-file.js';

/** What a token allows, each with what those before it do: to look, to change jobs, to change the coordinator. */
export const tokenRoles = ['read', 'write', 'admin'] as const;

export type TokenRole = (typeof tokenRoles)[number];

/** A line of a tokens file. */
export interface TokenLine {
  readonly role: TokenRole;
  readonly token: string;
  /** For logs, which never have the token. */
  readonly name: string;
}

const PREFIX = 'lp_';
const RANDOM_BYTES = 32;
/** Shorter ones can be guessed. */
const MIN_LENGTH = 16;

/** A new token, which nobody can guess. */
export const newToken = (): string => PREFIX + randomBytes(RANDOM_BYTES).toString('base64url');

/**
 * The tokens of a file: `<role> <token> [name]` a line, with empty lines and those that begin with `#` left out.
 *
 * @throws CLUSTER_CREDENTIALS_INVALID, which names the line but never what is on it
 */
export async function readTokens(file: string): Promise<TokenLine[]> {
  const text = (await readCredential(file, { secret: true })).toString('utf8');
  const tokens = text.split(/\r?\n/).flatMap((line, index) => {
    const trimmed = line.trim();
    return trimmed === '' || trimmed.startsWith('#') ? [] : [parseLine(file, trimmed, index + 1)];
  });
  if (tokens.length === 0) throw invalid(file, 'it holds no token');
  const different = new Set(tokens.map(({ token }) => token));
  if (different.size < tokens.length) throw invalid(file, 'it holds the same token twice');
  return tokens;
}

function parseLine(file: string, line: string, number: number): TokenLine {
  const refuse = (reason: string) => invalid(file, `line ${number} ${reason}`);
  const [word, token, ...rest] = line.split(/\s+/);
  const role = tokenRoles.find((known) => known === word);
  if (role === undefined) throw refuse(`does not begin with one of ${tokenRoles.join(', ')}`);
  if (token === undefined) throw refuse('has no token');
  if (!/^[\x21-\x7e]+$/.test(token)) throw refuse('has a token with other than visible ASCII characters');
  if (token.length < MIN_LENGTH) throw refuse(`has a token of less than ${MIN_LENGTH} characters`);
  const name = rest.join(' ');
  // Names come into logs, where a control character could pass for something else.
  if (/\p{C}/u.test(name)) throw refuse('has a name with control characters');
  return { role, token, name: name === '' ? `${role} of line ${number}` : name };
}

/**
 * Adds a new token to a file, which is made where it is missing, for its owner alone.
 *
 * @returns the token
 * @throws STORE_WRITE_FAILED
 */
export async function addToken(file: string, role: TokenRole, name: string): Promise<string> {
  const token = newToken();
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const handle = await open(file, 'a+', 0o600);
    try {
      const line = `${role} ${token} ${name}`.trimEnd();
      // At once, so that whoever reads the file meanwhile finds no half of a line.
      await handle.appendFile(`${await lineBreak(handle)}${line}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw writeFailed(file, cause);
  }
  return token;
}

/** What has to come before a new line: an editor may have left the last one open. */
async function lineBreak(handle: FileHandle): Promise<string> {
  const { size } = await handle.stat();
  if (size === 0) return '';
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer.toString('latin1') === '\n' ? '' : '\n';
}

/**
 * The first token of a file that allows everything; null where none does.
 *
 * @throws CLUSTER_CREDENTIALS_INVALID
 */
export async function firstAdminToken(file: string): Promise<string | null> {
  return (await readTokens(file)).find(({ role }) => role === 'admin')?.token ?? null;
}
