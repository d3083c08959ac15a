import { join } from 'node:path';
import { checkCertificates, type PemFile } from './certificate-checks.js';
import { AUTHORITY, certificateOf, keyOf, type Role } from './credential-files.js';
import { invalid, readCredential } from './secret-file.js';
import type { TransportSecurity } from './transport-security.js';

/** Folder with the files of `locoprop certs`. */
const TLS_VARIABLE = 'LOCOPROP_TLS_DIR';
/** The join token itself. */
export const TOKEN_VARIABLE = 'LOCOPROP_JOIN_TOKEN';
/** File with the join token. */
const TOKEN_FILE_VARIABLE = 'LOCOPROP_JOIN_TOKEN_FILE';

export interface CredentialSources {
  readonly role: Role;
  /** Folder with the certificates; before that of the environment. */
  readonly tls?: string | undefined;
  /** File with the join token; before that of the environment. */
  readonly tokenFile?: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * The credentials that options and environment name, read and checked; null for those that none names.
 *
 * @throws CLUSTER_CREDENTIALS_INVALID
 */
export async function readSecurity(sources: CredentialSources): Promise<TransportSecurity> {
  const folder = sources.tls ?? valueOf(sources.environment, TLS_VARIABLE);
  return {
    tls: folder === undefined ? null : await readTls(folder, sources.role),
    token: await readToken(sources),
  };
}

async function readTls(folder: string, role: Role): Promise<TransportSecurity['tls']> {
  const authority = await read(join(folder, AUTHORITY), false);
  const certificate = await read(join(folder, certificateOf(role)), false);
  const key = await read(join(folder, keyOf(role)), true);
  checkCertificates(role, { authority, certificate, key });
  return { authority: authority.bytes, certificate: certificate.bytes, key: key.bytes };
}

async function read(file: string, secret: boolean): Promise<PemFile> {
  return { file, bytes: await readCredential(file, { secret }) };
}

async function readToken({ tokenFile, environment }: CredentialSources): Promise<string | null> {
  const given = tokenFile === undefined ? valueOf(environment, TOKEN_VARIABLE) : undefined;
  if (given !== undefined) return checkedToken(TOKEN_VARIABLE, given);
  const file = tokenFile ?? valueOf(environment, TOKEN_FILE_VARIABLE);
  if (file === undefined) return null;
  return checkedToken(file, (await readCredential(file, { secret: true })).toString('utf8'));
}

function checkedToken(source: string, text: string): string {
  const token = text.trim();
  if (token === '') throw invalid(source, 'it holds no token');
  if (!/^[\x21-\x7e]+$/.test(token))
    throw invalid(source, 'a token has visible ASCII characters only, in one line');
  return token;
}

/** A variable that is set to nothing is a mistake: to pass it over would leave the connection open to all. */
function valueOf(environment: CredentialSources['environment'], name: string): string | undefined {
  const value = environment[name];
  if (value?.trim() === '') throw invalid(name, 'the variable is empty');
  return value;
}
