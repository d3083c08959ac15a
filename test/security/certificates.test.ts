import { makeCertificates, type Certificates } from '#services/security/certificates.js';
import { execFileSync, spawnSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { refusalOf, temporaryFolder } from './support.js';

const HOSTS = ['Trainer.example.org', '10.0.0.5', 'fd00:1:2::3:4', 'locoprop_coordinator'];
const YEAR_MS = 365 * 86_400_000;
const SERVER = '1.3.6.1.5.5.7.3.1';
const CLIENT = '1.3.6.1.5.5.7.3.2';

let made: Certificates;
beforeAll(async () => {
  made = await makeCertificates({ hosts: HOSTS });
});

describe('certificates, as node:crypto reads them', () => {
  it.each(['coordinator', 'worker'] as const)('of a %s are signed by the authority', (role) => {
    const authority = new X509Certificate(made.authority.certificate);
    const own = new X509Certificate(made[role].certificate);
    expect(own.checkIssued(authority)).toBe(true);
    expect(own.verify(authority.publicKey)).toBe(true);
    expect([authority.ca, own.ca]).toEqual([true, false]);
    expect(own.checkPrivateKey(createPrivateKey(made[role].key))).toBe(true);
    expect(own.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
    expect(own.keyUsage).toEqual(role === 'worker' ? [CLIENT] : [SERVER, CLIENT]);
  });

  it('name the coordinator by all its names and addresses', () => {
    const coordinator = new X509Certificate(made.coordinator.certificate);
    for (const host of ['localhost', 'trainer.example.org', 'locoprop_coordinator'])
      expect(coordinator.checkHost(host)).toBe(host);
    for (const ip of ['127.0.0.1', '::1', '10.0.0.5', 'fd00:1:2::3:4'])
      expect(coordinator.checkIP(ip)).toBe(ip);
    expect(coordinator.checkHost('example.org')).toBeUndefined();
    expect(coordinator.checkIP('10.0.0.6')).toBeUndefined();
    expect(new X509Certificate(made.worker.certificate).subjectAltName).toBeUndefined();
  });

  it.each([
    ['authority', undefined, 10],
    ['coordinator', undefined, 2],
    ['worker', undefined, 2],
    ['coordinator', 365 * 20, 20],
    ['authority', 365 * 20, 20],
  ] as const)('of the %s for %s days are valid for %i years from now', async (role, days, years) => {
    const { [role]: pair } = days === undefined ? made : await makeCertificates({ days });
    const { validFrom, validTo } = new X509Certificate(pair.certificate);
    expect(Date.parse(validFrom)).toBeLessThan(Date.now());
    expect(Math.abs(Date.parse(validTo) - Date.now() - years * YEAR_MS)).toBeLessThan(120_000);
  });

  it('are different each time', async () => {
    const other = await makeCertificates();
    const authority = new X509Certificate(other.authority.certificate);
    const worker = new X509Certificate(made.worker.certificate);
    expect(worker.checkIssued(authority)).toBe(false);
    expect(new X509Certificate(other.worker.certificate).serialNumber).not.toBe(worker.serialNumber);
  });
});

const opensslMissing = spawnSync('openssl', ['version']).status !== 0;
if (opensslMissing) console.warn('Skipped: there is no openssl here to verify certificates with.');

describe.skipIf(opensslMissing)('certificates, as openssl verifies them', () => {
  it.each([
    ['coordinator', 'sslserver', true],
    ['coordinator', 'sslclient', true],
    ['worker', 'sslclient', true],
    ['worker', 'sslserver', false],
  ] as const)('of a %s as %s: %s', async (role, purpose, good) => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'ca.pem'), made.authority.certificate);
    await writeFile(join(folder, 'own.pem'), made[role].certificate);
    const args = ['verify', '-x509_strict', '-CAfile', 'ca.pem', '-purpose', purpose, 'own.pem'];
    const verify = (): string =>
      execFileSync('openssl', args, { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
    if (good) expect(verify()).toBe('own.pem: OK\n');
    else expect(verify).toThrow(/unsuitable certificate purpose/);
  });
});

it.each([
  '',
  'a b',
  'https://trainer',
  'trainer:7000',
  '[::1]',
  'fe80::1%eth0',
  '*.example.org',
  '10.0.0.256',
  '-a',
])('are not made for "%s"', async (host) => {
  const refusal = await refusalOf(() => makeCertificates({ hosts: [host] }));
  expect(refusal).toEqual({ code: 'CLUSTER_HOST_INVALID', host });
});
