import { makeCertificates, type CertificateOptions, type KeyPair } from '#services/security/certificates.js';
import { LocopropError } from '#core/errors/error.js';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export const TOKEN = 'c2Vzc2lvbnMtYXJlLW5vdC1rZXlz';

/** A time so long ago that certificates of 30 days have expired. */
export const longAgo = (): Date => new Date(Date.now() - 60 * 86_400_000);
export const inAMonth = (): Date => new Date(Date.now() + 30 * 86_400_000);

/** A folder that goes when the test ends. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'locoprop-security-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export const writeSecret = (file: string, text: string): Promise<void> =>
  writeFile(file, text, { mode: 0o600 });

async function writePair(folder: string, name: string, { certificate, key }: KeyPair): Promise<void> {
  await writeFile(join(folder, `${name}.pem`), certificate);
  await writeSecret(join(folder, `${name}-key.pem`), key);
}

/** A folder with certificates and a token, for a test to spoil. */
export async function folderOfCredentials(options: CertificateOptions = {}): Promise<string> {
  const folder = await temporaryFolder();
  const { authority, coordinator, worker } = await makeCertificates(options);
  await writePair(folder, 'ca', authority);
  await writePair(folder, 'coordinator', coordinator);
  await writePair(folder, 'worker', worker);
  await writeSecret(join(folder, 'join-token'), `${TOKEN}\n`);
  return folder;
}

/** The details of the error that a call ends with, and its code. */
export async function refusalOf(call: () => unknown): Promise<Record<string, unknown>> {
  try {
    await call();
  } catch (error) {
    if (error instanceof LocopropError) return { code: error.code, ...error.details };
    throw error;
  }
  throw new Error('it was not refused');
}
