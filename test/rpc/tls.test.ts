import { dial } from '#services/rpc/worker-client.js';
import type { CoordinatorMessage } from '#services/rpc/messages.js';
import type { TransportSecurity } from '#services/security/transport-security.js';
import * as x509 from '@peculiar/x509';
import { webcrypto } from 'node:crypto';
import { expect, it } from 'vitest';
import { connected, failureOf, helloOf, Inbox } from './support.js';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** Certificates of an authority of their own, for 127.0.0.1. */
async function security(): Promise<TransportSecurity> {
  const make = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const [authorityKeys, keys] = [await make(), await make()];
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=authority',
    keys: authorityKeys,
    signingAlgorithm: algorithm,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  const certificate = await x509.X509CertificateGenerator.create({
    subject: 'CN=member',
    issuer: authority.subject,
    publicKey: keys.publicKey,
    signingKey: authorityKeys.privateKey,
    signingAlgorithm: algorithm,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }])],
  });
  const key = x509.PemConverter.encode(
    await webcrypto.subtle.exportKey('pkcs8', keys.privateKey),
    'PRIVATE KEY',
  );
  const tls = {
    authority: Buffer.from(authority.toString('pem')),
    certificate: Buffer.from(certificate.toString('pem')),
    key: Buffer.from(key),
  };
  return { tls, token: 'secret' };
}

it('both ends show certificates of one authority, or there is no connection', async () => {
  const own = await security();
  const other = await security();
  const { server, worker, atCoordinator } = await connected(own);
  await worker.send({ message: 'ready', ready: { bandwidth: 1 } });
  await atCoordinator.count(1);
  const strangers: TransportSecurity[] = [
    other,
    { tls: null, token: 'secret' },
    // It trusts the coordinator, which does not trust it.
    { tls: { ...other.tls!, authority: own.tls!.authority }, token: 'secret' },
  ];
  for (const stranger of strangers) {
    const receiver = new Inbox<CoordinatorMessage>();
    const failure = await failureOf(dial({ address: server.address, security: stranger, receiver }));
    expect(failure).toMatchObject({ code: 'CLUSTER_UNREACHABLE' });
  }
  await worker.send(helloOf('again'));
  await atCoordinator.count(2);
});
