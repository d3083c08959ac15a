import { readSecurity, type CredentialSources } from '#services/security/credentials.js';
import { makeCertificates } from '#services/security/certificates.js';
import { generateKeyPairSync } from 'node:crypto';
import { chmod, chown, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  folderOfCredentials,
  inAMonth,
  longAgo,
  refusalOf,
  temporaryFolder,
  TOKEN,
  writeSecret,
} from './support.js';

type Rest = Omit<Partial<CredentialSources>, 'role'>;
const read = (role: CredentialSources['role'], rest: Rest) =>
  readSecurity({ role, environment: {}, ...rest });

const encryptedKey = (): string =>
  generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  }).privateKey;

describe('credentials', () => {
  it('are none where nothing names them', async () => {
    expect(await read('worker', {})).toEqual({ tls: null, token: null });
  });

  it.each(['coordinator', 'worker'] as const)('of a %s are read from a folder and a file', async (role) => {
    const tls = await folderOfCredentials();
    const tokenFile = join(tls, 'join-token');
    const expected = {
      tls: {
        authority: await readFile(join(tls, 'ca.pem')),
        certificate: await readFile(join(tls, `${role}.pem`)),
        key: await readFile(join(tls, `${role}-key.pem`)),
      },
      token: TOKEN,
    };
    expect(await read(role, { tls, tokenFile })).toEqual(expected);
    const environment = { LOCOPROP_TLS_DIR: tls, LOCOPROP_JOIN_TOKEN_FILE: tokenFile };
    expect(await read(role, { environment })).toEqual(expected);
    const wrong = { LOCOPROP_TLS_DIR: '/nowhere', LOCOPROP_JOIN_TOKEN: 'other' };
    expect(await read(role, { tls, tokenFile, environment: wrong })).toEqual(expected);
  });

  it('take the token of the environment, without the white space around it', async () => {
    const environment = { LOCOPROP_JOIN_TOKEN: ` ${TOKEN}\r\n` };
    expect(await read('worker', { environment })).toEqual({ tls: null, token: TOKEN });
  });

  it('may have an authority among several, as while one replaces another', async () => {
    const tls = await folderOfCredentials();
    const other = await makeCertificates();
    const own = await readFile(join(tls, 'ca.pem'), 'utf8');
    await writeFile(join(tls, 'ca.pem'), `${other.authority.certificate}${own}`);
    expect((await read('worker', { tls })).tls).not.toBeNull();
  });
});

type Spoil = (folder: string) => Promise<void>;
const other = (name: 'authority' | 'worker', part: 'certificate' | 'key', file: string): Spoil => {
  return async (folder) => writeFile(join(folder, file), (await makeCertificates())[name][part]);
};
const replace =
  (file: string, text: string): Spoil =>
  (folder) =>
    writeFile(join(folder, file), text);
const noKey = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n';
const noCertificate = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';

const refusals: readonly [string, Spoil, string, RegExp][] = [
  ['no authority', (folder) => rm(join(folder, 'ca.pem')), 'ca.pem', /^no such file or directory$/],
  ['no certificate', (folder) => rm(join(folder, 'worker.pem')), 'worker.pem', /^no such file/],
  ['no key', (folder) => rm(join(folder, 'worker-key.pem')), 'worker-key.pem', /^no such file/],
  [
    'a folder for a file',
    async (folder) => {
      await rm(join(folder, 'ca.pem'));
      await mkdir(join(folder, 'ca.pem'));
    },
    'ca.pem',
    /^it is no regular file$/,
  ],
  ['a huge file', replace('ca.pem', 'x'.repeat(2 ** 20 + 1)), 'ca.pem', /larger than 1048576 bytes/],
  ['an empty authority', replace('ca.pem', ''), 'ca.pem', /no certificate in PEM/],
  ['a key for a certificate', replace('worker.pem', noKey), 'worker.pem', /no certificate in PEM/],
  ['a damaged certificate', replace('worker.pem', noCertificate), 'worker.pem', /that cannot be read \(/],
  ['a certificate for a key', replace('worker-key.pem', noCertificate), 'worker-key.pem', /no private key/],
  ['a damaged key', replace('worker-key.pem', noKey), 'worker-key.pem', /that cannot be read \(/],
  ['an encrypted key', replace('worker-key.pem', encryptedKey()), 'worker-key.pem', /encrypted/],
  [
    'the key of another',
    other('worker', 'key', 'worker-key.pem'),
    'worker-key.pem',
    /^it is not the key of the certificate in .*worker\.pem$/,
  ],
  [
    'another authority',
    other('authority', 'certificate', 'ca.pem'),
    'worker.pem',
    /^it was not signed by the authority in .*ca\.pem$/,
  ],
  [
    'a key that others can read',
    (folder) => chmod(join(folder, 'worker-key.pem'), 0o640),
    'worker-key.pem',
    /^its mode, 640, .*chmod 600 .*worker-key\.pem/,
  ],
  [
    'a token that others can read',
    (folder) => chmod(join(folder, 'join-token'), 0o604),
    'join-token',
    /^its mode, 604, /,
  ],
  ['no token', (folder) => rm(join(folder, 'join-token')), 'join-token', /^no such file/],
  ['an empty token', replace('join-token', ' \n'), 'join-token', /^it holds no token$/],
  ['two lines of token', replace('join-token', 'one\ntwo\n'), 'join-token', /in one line$/],
  ['a token of other signs', replace('join-token', 'Schlüssel'), 'join-token', /visible ASCII/],
];

describe('refused are', () => {
  it.each(refusals)('%s', async (_, spoil, file, reason) => {
    const tls = await folderOfCredentials();
    await spoil(tls);
    expect(await refusalOf(() => read('worker', { tls, tokenFile: join(tls, 'join-token') }))).toEqual({
      code: 'CLUSTER_CREDENTIALS_INVALID',
      file: join(tls, file),
      reason: expect.stringMatching(reason) as string,
    });
  });

  it.each([
    ['expired', { from: longAgo(), days: 30 }, /^it expired on \d{4}-\d\d-\d\d$/],
    ['of the future', { from: inAMonth() }, /^it is valid from \d{4}-\d\d-\d\d on only/],
  ])('certificates that are %s', async (_, options, reason) => {
    const tls = await folderOfCredentials(options);
    expect(await refusalOf(() => read('coordinator', { tls }))).toMatchObject({
      code: 'CLUSTER_CREDENTIALS_INVALID',
      reason: expect.stringMatching(reason) as string,
    });
  });

  it("a worker's certificate on a coordinator", async () => {
    const tls = await folderOfCredentials();
    for (const [from, to] of [
      ['worker.pem', 'coordinator.pem'],
      ['worker-key.pem', 'coordinator-key.pem'],
    ] as const)
      await writeFile(join(tls, to), await readFile(join(tls, from)));
    expect(await refusalOf(() => read('coordinator', { tls }))).toMatchObject({
      file: join(tls, 'coordinator.pem'),
      reason: 'it is no certificate for a server, which a coordinator is',
    });
  });

  it.each(['LOCOPROP_TLS_DIR', 'LOCOPROP_JOIN_TOKEN', 'LOCOPROP_JOIN_TOKEN_FILE'])(
    'an empty %s',
    async (name) => {
      const environment = { [name]: ' ' };
      expect(await refusalOf(() => read('worker', { environment }))).toEqual({
        code: 'CLUSTER_CREDENTIALS_INVALID',
        file: name,
        reason: 'the variable is empty',
      });
    },
  );

  const notRoot = process.getuid?.() !== 0;
  if (notRoot) console.warn('Skipped: only root can give a file away, which one of the tests does.');
  it.skipIf(notRoot)(
    'not a token that belongs to another user of the machine, who answers for it',
    async () => {
      const tokenFile = join(await temporaryFolder(), 'token');
      await writeSecret(tokenFile, TOKEN);
      await chmod(tokenFile, 0o644);
      await chown(tokenFile, 65534, 65534);
      expect(await read('worker', { tokenFile })).toEqual({ tls: null, token: TOKEN });
    },
  );
});
