import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LocopropError } from '../../core/errors/error.js';
import type { Settings } from '../../core/settings/table.js';
import { readSecurity } from '../../services/security/credentials.js';
import { isLoopback, parseAddress } from '../../services/network/address.js';
import { requireSecure } from '../../services/security/exposure.js';
import { addToken, type TokenRole } from '../../services/security/token-file.js';
import { openTokens, type WatchOptions, type WatchedTokens } from '../../services/security/tokens.js';
import type { ServerCertificate } from '../../services/rpc/credentials.js';
import type { TransportSecurity } from '../../services/security/transport-security.js';
import { hasCode, readFailed } from '../../services/store/failure.js';
import { isFolder } from '../../services/store/open-job-store.js';
import { holderOf, senderOf } from '../api/bearer-token.js';

/** The file of tokens in a store that is a folder. */
const TOKENS = 'api-tokens';

/** Who can reach a coordinator, and with what. */
export interface Exposure {
  readonly workers: TransportSecurity;
  readonly apiTls: ServerCertificate | null;
  /** File of the tokens; null where everybody is let in. */
  readonly tokens: string | null;
}

/** Where the tokens are: in the store, where that is a folder and no file was named. */
export const tokensFile = ({ apiTokens, store }: Pick<Settings, 'apiTokens' | 'store'>): string | null =>
  apiTokens ?? (isFolder(store) ? join(store, TOKENS) : null);

/**
 * The credentials that the settings name. What other machines can reach needs certificates and tokens,
 * unless that was waived.
 * @throws LocopropError CLUSTER_INSECURE, CLUSTER_ADDRESS_INVALID, CLUSTER_CREDENTIALS_INVALID, STORE_READ_FAILED
 */
export async function readExposure(
  settings: Settings,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Exposure> {
  const workers = await readSecurity({
    role: 'coordinator',
    tls: settings.tls ?? undefined,
    tokenFile: settings.tokenFile ?? undefined,
    environment,
  });
  const waived = (what: 'api' | 'workers'): boolean => [what, 'all'].includes(settings.insecure);
  requireSecure(settings.listen, workers, waived('workers'));
  const { apiTls } = settings;
  const certificate = apiTls && { certificate: await read(apiTls.certificate), key: await read(apiTls.key) };
  const tokens = tokensFile(settings);
  for (const address of [settings.http, settings.grpc]) {
    if (address === null || isLoopback(parseAddress(address).host) || waived('api')) continue;
    if (!certificate) throw insecure(address, 'there is no certificate for clients (--api-tls)');
    if (tokens === null) throw insecure(address, 'there are no tokens for clients (--api-tokens)');
  }
  return { workers, apiTls: certificate, tokens };
}

const insecure = (address: string, missing: string): LocopropError =>
  new LocopropError('CLUSTER_INSECURE', { address, missing });

async function read(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw readFailed(file, cause);
  }
}

/** Makes the file with a first token, for everything, where it is missing. */
export async function ensureTokens(file: string): Promise<void> {
  try {
    await stat(file);
  } catch (cause) {
    if (!hasCode(cause, 'ENOENT')) throw readFailed(file, cause);
    await addToken(file, 'admin', 'first');
  }
}

/** Who may use the interfaces. */
export interface Access {
  /** Null lets everybody in. */
  readonly tokens: WatchedTokens | null;
  /** Whose token it is. @throws LocopropError TOKEN_MISSING, TOKEN_INVALID */
  readonly authorize: (token: string | null) => { readonly role: TokenRole; readonly name: string };
}

/**
 * @param file null lets everybody in
 * @throws LocopropError CLUSTER_CREDENTIALS_INVALID
 */
export async function openAccess(file: string | null, watch: WatchOptions): Promise<Access> {
  const tokens = file === null ? null : await openTokens(file, watch);
  return {
    tokens,
    authorize: (token) => (tokens ? holderOf(senderOf(token, tokens)) : { role: 'admin', name: 'anybody' }),
  };
}
