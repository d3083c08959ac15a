// The library finds its parts by decorators, which want this before it.
import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
  type Extension,
} from '@peculiar/x509';
import { LocopropError } from '../../core/errors/error.js';
import { isHost } from '../network/host-name.js';

/** A certificate and its private key (PKCS #8), in PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** What an installation needs for mutual TLS. */
export interface Certificates {
  readonly authority: KeyPair;
  readonly coordinator: KeyPair;
  /** One for all workers: a coordinator tells them apart by their names, not by their certificates. */
  readonly worker: KeyPair;
  /** The names and addresses that the coordinator's certificate is good for. */
  readonly hosts: readonly string[];
  /** When the first of them expires. */
  readonly expires: Date;
}

export interface CertificateOptions {
  /** Names and addresses of the coordinator, besides those that every machine has for itself. */
  readonly hosts?: readonly string[] | undefined;
  /** How many days the certificates of coordinator and workers are valid; two years unless given. */
  readonly days?: number | undefined;
  /** When they begin to be valid, now unless given. */
  readonly from?: Date | undefined;
}

const OWN_HOSTS: readonly string[] = ['localhost', '127.0.0.1', '::1'];

const DAYS_OF_AUTHORITY = 3650;
const DAYS_OF_MEMBER = 730;
const DAY_MS = 86_400_000;
/** Clocks of machines differ: a certificate made here must not be of the future there. */
const CLOCK_SKEW_MS = 3_600_000;

const KEYS = { name: 'ECDSA', namedCurve: 'P-256' };
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' };
const { serverAuth, clientAuth } = ExtendedKeyUsage;

interface Period {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

interface Member {
  readonly name: string;
  readonly usages: readonly ExtendedKeyUsage[];
  readonly hosts: readonly string[];
  readonly period: Period;
}

interface Authority {
  readonly name: string;
  readonly keys: webcrypto.CryptoKeyPair;
}

/**
 * A new authority and what it signs for a coordinator and its workers.
 *
 * @throws CLUSTER_HOST_INVALID
 */
export async function makeCertificates(options: CertificateOptions = {}): Promise<Certificates> {
  const { days = DAYS_OF_MEMBER, from = new Date() } = options;
  const hosts = [...new Set([...OWN_HOSTS, ...(options.hosts ?? []).map(checkedHost)])];
  const period = periodOf(from, days);
  const keys = await newKeys();
  // A name of its own, so that the certificates of two installations are not taken for each other's.
  const name = `CN=locoprop authority ${randomBytes(4).toString('hex')}`;
  const authority: Authority = { name, keys };
  return {
    authority: await signAuthority(authority, periodOf(from, Math.max(days, DAYS_OF_AUTHORITY))),
    coordinator: await signMember(authority, {
      name: 'CN=locoprop coordinator',
      usages: [serverAuth, clientAuth],
      hosts,
      period,
    }),
    worker: await signMember(authority, {
      name: 'CN=locoprop worker',
      usages: [clientAuth],
      hosts: [],
      period,
    }),
    hosts,
    expires: period.notAfter,
  };
}

const periodOf = (from: Date, days: number): Period => ({
  notBefore: new Date(from.getTime() - CLOCK_SKEW_MS),
  notAfter: new Date(from.getTime() + days * DAY_MS),
});

function checkedHost(text: string): string {
  // A zone, as in fe80::1%eth0, has a meaning on one machine only.
  if (!isHost(text) || text.includes('%')) throw new LocopropError('CLUSTER_HOST_INVALID', { host: text });
  return text.toLowerCase();
}

const newKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(KEYS, true, ['sign', 'verify']);

async function signAuthority({ name, keys }: Authority, period: Period): Promise<KeyPair> {
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name,
    keys,
    ...period,
    signingAlgorithm: SIGNATURE,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: `${certificate.toString('pem')}\n`, key: await pemOf(keys.privateKey) };
}

async function signMember(authority: Authority, member: Member): Promise<KeyPair> {
  const { name, usages, hosts, period } = member;
  const keys = await newKeys();
  const extensions: Extension[] = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([...usages]),
    await SubjectKeyIdentifierExtension.create(keys.publicKey),
    await AuthorityKeyIdentifierExtension.create(authority.keys.publicKey),
  ];
  if (hosts.length > 0) extensions.push(namesOf(hosts));
  const certificate = await X509CertificateGenerator.create({
    subject: name,
    issuer: authority.name,
    publicKey: keys.publicKey,
    signingKey: authority.keys.privateKey,
    signingAlgorithm: SIGNATURE,
    ...period,
    extensions,
  });
  return { certificate: `${certificate.toString('pem')}\n`, key: await pemOf(keys.privateKey) };
}

const namesOf = (hosts: readonly string[]): Extension =>
  new SubjectAlternativeNameExtension(
    hosts.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })),
  );

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  const bytes = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN PRIVATE KEY-----', ...lines, '-----END PRIVATE KEY-----', ''].join('\n');
}
