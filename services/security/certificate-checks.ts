import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { invalid } from './secret-file.js';
import { reasonOf } from '../store/failure.js';

/** A file as it was read. */
export interface PemFile {
  readonly file: string;
  readonly bytes: Buffer;
}

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;
const KEY_BLOCK = /-----BEGIN ([A-Z0-9]+ )?PRIVATE KEY-----/;

/** Of RFC 5280, section 4.2.1.12. */
const usages = {
  coordinator: { oid: '1.3.6.1.5.5.7.3.1', name: 'a server' },
  worker: { oid: '1.3.6.1.5.5.7.3.2', name: 'a client' },
} as const;

/**
 * Checks what a peer would refuse later, with a worse message.
 *
 * @throws CLUSTER_CREDENTIALS_INVALID
 */
export function checkCertificates(
  role: keyof typeof usages,
  files: { readonly authority: PemFile; readonly certificate: PemFile; readonly key: PemFile },
): void {
  const { authority, certificate, key } = files;
  const authorities = certificatesIn(authority);
  const [own, ...between] = certificatesIn(certificate);
  for (const one of authorities) checkPeriod(authority.file, one);
  for (const one of [own, ...between]) checkPeriod(certificate.file, one);
  if (!own.checkPrivateKey(privateKeyIn(key)))
    throw invalid(key.file, `it is not the key of the certificate in ${certificate.file}`);
  if (![...between, ...authorities].some((issuer) => own.checkIssued(issuer) && own.verify(issuer.publicKey)))
    throw invalid(certificate.file, `it was not signed by the authority in ${authority.file}`);
  // Node gives none where the certificate names none, which makes it good for everything.
  const allowed = own.keyUsage as string[] | undefined;
  const needed = usages[role];
  if (allowed && !allowed.includes(needed.oid))
    throw invalid(certificate.file, `it is no certificate for ${needed.name}, which a ${role} is`);
}

/** The certificates of a file, at least one. */
function certificatesIn({ file, bytes }: PemFile): [X509Certificate, ...X509Certificate[]] {
  const [first, ...others] = bytes.toString('latin1').match(BLOCK) ?? [];
  if (first === undefined) throw invalid(file, 'it holds no certificate in PEM');
  try {
    return [new X509Certificate(first), ...others.map((text) => new X509Certificate(text))];
  } catch (cause) {
    throw invalid(file, `it holds a certificate that cannot be read (${reasonOf(cause)})`, cause);
  }
}

function privateKeyIn({ file, bytes }: PemFile): KeyObject {
  const text = bytes.toString('latin1');
  if (!KEY_BLOCK.test(text)) throw invalid(file, 'it holds no private key in PEM');
  if (/ENCRYPTED/.test(text)) throw invalid(file, 'its key is encrypted with a passphrase');
  try {
    return createPrivateKey(bytes);
  } catch (cause) {
    throw invalid(file, `it holds a private key that cannot be read (${reasonOf(cause)})`, cause);
  }
}

function checkPeriod(file: string, { validFrom, validTo }: X509Certificate): void {
  const now = Date.now();
  if (Date.parse(validTo) < now) throw invalid(file, `it expired on ${dayOf(validTo)}`);
  if (Date.parse(validFrom) > now)
    throw invalid(file, `it is valid from ${dayOf(validFrom)} on only, by this machine's clock`);
}

const dayOf = (time: string): string => new Date(time).toISOString().slice(0, 10);
