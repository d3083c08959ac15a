import { chmod, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { LocopropError } from '../../core/errors/error.js';
import { AUTHORITY } from '../security/credential-files.js';
import { readCredential } from '../security/secret-file.js';
import { hasCode, reasonOf, writeFailed } from '../store/failure.js';
import { temporaryName } from '../store/files.js';

/** What a coordinator of this user leaves for this user's commands. */
export interface ClientFile {
  readonly url: string;
  readonly token: string | null;
  /** File with the certificate of its authority, an absolute path; null where the usual ones do. */
  readonly ca: string | null;
}

const schema = z.strictObject({
  url: z.url({ protocol: /^https?$/ }),
  token: z.string().min(1).nullable().default(null),
  ca: z.string().min(1).nullable().default(null),
});

type Environment = Readonly<Record<string, string | undefined>>;

/** `~/.config/locoprop/client.json`, or where XDG_CONFIG_HOME says. */
export function clientFilePath({ XDG_CONFIG_HOME: configured, HOME: home }: Environment): string {
  // A relative one is to be ignored, as its specification has it.
  const folder = configured?.startsWith('/') ? configured : join(home ?? homedir(), '.config');
  return join(folder, 'locoprop', 'client.json');
}

/**
 * Null where there is none.
 * @throws LocopropError CLIENT_FILE_INVALID
 */
export async function readClientFile(environment: Environment): Promise<ClientFile | null> {
  const file = clientFilePath(environment);
  if (!(await exists(file))) return null;
  try {
    const text = (await readCredential(file, { secret: true })).toString('utf8');
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new LocopropError('CLIENT_FILE_INVALID', { file, reason: whyInvalid(cause) }, { cause });
  }
}

/**
 * The certificate of the authority that clients of a server are to know: that of `locoprop certs`, beside the
 * server's own; null where there is none.
 */
export async function authorityBeside(certificate: string): Promise<string | null> {
  const file = join(dirname(certificate), AUTHORITY);
  return (await exists(file)) ? file : null;
}

/** Writes the file, for its owner alone, whole or not at all. @throws LocopropError STORE_WRITE_FAILED */
export async function writeClientFile(environment: Environment, content: ClientFile): Promise<string> {
  const file = clientFilePath(environment);
  const temporary = temporaryName(file);
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(`${JSON.stringify(content, null, 2)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await chmod(temporary, 0o600);
    await rename(temporary, file);
    return file;
  } catch (cause) {
    await Promise.allSettled([rm(temporary, { force: true })]);
    throw writeFailed(file, cause);
  }
}

/** Takes the file away again, where it still is about this server: another one may have replaced it. */
export async function removeClientFile(environment: Environment, url: string): Promise<void> {
  const current = await readClientFile(environment);
  if (current?.url === url) await rm(clientFilePath(environment), { force: true });
}

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (cause) {
    if (hasCode(cause, 'ENOENT', 'ENOTDIR')) return false;
    throw new LocopropError('CLIENT_FILE_INVALID', { file, reason: reasonOf(cause) }, { cause });
  }
}

function whyInvalid(cause: unknown): string {
  if (cause instanceof LocopropError) return String(cause.details['reason']);
  if (cause instanceof z.ZodError) {
    const [issue] = cause.issues;
    return `${issue?.path.join('.') || 'the document'}: ${issue?.message ?? 'it is wrong'}`;
  }
  // What a parser says would quote the token.
  return cause instanceof SyntaxError ? 'it is no JSON' : reasonOf(cause);
}
