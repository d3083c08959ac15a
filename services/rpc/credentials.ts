import { type ChannelCredentials, credentials, Metadata, ServerCredentials } from '@grpc/grpc-js';
import { createHash, timingSafeEqual } from 'node:crypto';
import type { TransportSecurity } from '../security/transport-security.js';

export const serverCredentials = ({ tls }: TransportSecurity): ServerCredentials =>
  tls
    ? ServerCredentials.createSsl(
        tls.authority,
        [{ private_key: tls.key, cert_chain: tls.certificate }],
        true,
      )
    : ServerCredentials.createInsecure();

/** What a server shows whose clients show a token, and no certificate; in PEM. */
export interface ServerCertificate {
  readonly certificate: Buffer;
  readonly key: Buffer;
}

export const openServerCredentials = (tls: ServerCertificate | null): ServerCredentials =>
  tls
    ? ServerCredentials.createSsl(null, [{ private_key: tls.key, cert_chain: tls.certificate }], false)
    : ServerCredentials.createInsecure();

export const clientCredentials = ({ tls }: TransportSecurity): ChannelCredentials =>
  tls ? credentials.createSsl(tls.authority, tls.key, tls.certificate) : credentials.createInsecure();

const AUTHORIZATION = 'authorization';
const SCHEME = 'Bearer ';

/** What a worker shows in front of everything else. */
export function tokenMetadata({ token }: TransportSecurity): Metadata {
  const metadata = new Metadata();
  if (token !== null) metadata.set(AUTHORIZATION, SCHEME + token);
  return metadata;
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Whether the peer knows the token; how long it takes says nothing about the token. */
export function knowsToken({ token }: TransportSecurity, metadata: Metadata): boolean {
  if (token === null) return true;
  const [shown] = metadata.get(AUTHORIZATION);
  const text = typeof shown === 'string' ? shown : '';
  return timingSafeEqual(digest(text), digest(SCHEME + token));
}
