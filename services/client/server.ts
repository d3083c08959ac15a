import { LocopropError } from '../../core/errors/error.js';
import { readCredential } from '../security/secret-file.js';
import { readClientFile } from './client-file.js';
import type { ServerAddress } from './connection.js';

/** Where a coordinator listens that nobody told to listen elsewhere. */
const DEFAULT_SERVER = 'http://127.0.0.1:8080';

const URL_VARIABLE = 'LOCOPROP_URL';
const TOKEN_VARIABLE = 'LOCOPROP_TOKEN';

/** The options of commands that speak to a coordinator. */
export interface ServerOptions {
  readonly server?: string;
  readonly tokenFile?: string;
  readonly ca?: string;
}

/**
 * The coordinator that options, environment or the client file name, in this order, and the token for it. The
 * file's token is for the file's server alone.
 *
 * @throws LocopropError CLI_USAGE, CLUSTER_CREDENTIALS_INVALID, CLIENT_FILE_INVALID
 */
export async function findServer(
  { server, tokenFile, ca }: ServerOptions,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<ServerAddress> {
  const named = server ?? environment[URL_VARIABLE];
  const source = server === undefined ? URL_VARIABLE : '--server';
  const own = named === undefined ? null : checkedUrl(named, source);
  const needsFile = own === null || (tokenFile === undefined && environment[TOKEN_VARIABLE] === undefined);
  const file = needsFile ? await readClientFile(environment) : null;
  const url = own ?? new URL(file?.url ?? DEFAULT_SERVER);
  const ofServer = file !== null && sameServer(url, new URL(file.url)) ? file : null;
  const authority = ca ?? ofServer?.ca ?? null;
  return {
    url,
    token: await tokenOf(tokenFile, environment[TOKEN_VARIABLE] ?? ofServer?.token ?? null),
    ca: authority === null ? null : await readCredential(authority, { secret: false }),
  };
}

const sameServer = (one: URL, other: URL): boolean => one.href === other.href;

function checkedUrl(text: string, source: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  const fail = (reason: string): never => {
    throw new LocopropError('CLI_USAGE', { reason: `${source} ${reason}` });
  };
  if (!url || !['http:', 'https:'].includes(url.protocol))
    return fail('takes an address such as https://trainer.example:8080.');
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    return fail('takes scheme, host, port and path alone; a token goes into a file.');
  return url;
}

async function tokenOf(file: string | undefined, given: string | null): Promise<string | null> {
  const text = file === undefined ? given : (await readCredential(file, { secret: true })).toString('utf8');
  if (text === null) return null;
  const token = text.trim();
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new LocopropError('CLUSTER_CREDENTIALS_INVALID', {
    file: file ?? TOKEN_VARIABLE,
    reason: 'a token has visible ASCII characters only, in one line, and at least one',
  });
}
