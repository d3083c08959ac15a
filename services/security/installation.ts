import { randomBytes } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { mkdir, mkdtemp, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { LocopropError } from '../../core/errors/error.js';
import { hasCode, readFailed, writeFailed } from '../store/failure.js';
import { syncFolder } from '../store/files.js';
import { AUTHORITY, AUTHORITY_KEY, certificateOf, JOIN_TOKEN, keyOf } from './credential-files.js';
import { makeCertificates, type CertificateOptions, type Certificates } from './certificates.js';

const TOKEN_BYTES = 32;

export interface InstallationOptions extends CertificateOptions {
  /** Whether to replace credentials that the folder holds. */
  readonly force?: boolean | undefined;
}

interface NewFile {
  readonly name: string;
  readonly text: string;
  readonly mode: number;
}

/**
 * Makes the certificates and the join token of an installation and writes them to a folder, whole or not at
 * all: nothing takes its name before all of it is on the disk. A new folder gets its name as one; where files
 * are put into one that exists, being killed between two of them leaves a mixture, which `readSecurity` refuses.
 *
 * @throws CLI_FILE_EXISTS, CLUSTER_HOST_INVALID, STORE_READ_FAILED, STORE_WRITE_FAILED
 */
export async function makeInstallation(
  folder: string,
  options: InstallationOptions = {},
): Promise<Certificates> {
  const certificates = await makeCertificates(options);
  const files = filesOf(certificates);
  const found = await entriesOf(folder);
  const taken = (found ?? []).filter((entry) => files.some(({ name }) => name === entry.name));
  const [first] = taken;
  if (first && !options.force) throw new LocopropError('CLI_FILE_EXISTS', { file: join(folder, first.name) });
  try {
    // Found out halfway, it would leave a mixture.
    const subfolder = taken.find((entry) => entry.isDirectory());
    if (subfolder) throw new Error(`${subfolder.name} in it is a folder`);
    if (found) await addTo(folder, files);
    else await makeFolder(folder, files);
  } catch (cause) {
    throw writeFailed(folder, cause);
  }
  return certificates;
}

/** What is in a folder; null where there is no such folder. */
async function entriesOf(folder: string): Promise<Dirent[] | null> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return null;
    throw readFailed(folder, cause);
  }
}

function filesOf({ authority, coordinator, worker }: Certificates): NewFile[] {
  const open = (name: string, text: string): NewFile => ({ name, text, mode: 0o644 });
  const secret = (name: string, text: string): NewFile => ({ name, text, mode: 0o600 });
  return [
    open(AUTHORITY, authority.certificate),
    secret(AUTHORITY_KEY, authority.key),
    open(certificateOf('coordinator'), coordinator.certificate),
    secret(keyOf('coordinator'), coordinator.key),
    open(certificateOf('worker'), worker.certificate),
    secret(keyOf('worker'), worker.key),
    secret(JOIN_TOKEN, `${randomBytes(TOKEN_BYTES).toString('base64url')}\n`),
  ];
}

async function makeFolder(folder: string, files: readonly NewFile[]): Promise<void> {
  const parent = dirname(resolve(folder));
  await mkdir(parent, { recursive: true });
  await stage(`${resolve(folder)}.`, files, (staged) => rename(staged, folder));
  await syncFolder(parent);
}

/** The files are staged within the folder, for it may be a file system of its own. */
async function addTo(folder: string, files: readonly NewFile[]): Promise<void> {
  await stage(join(folder, '.new-'), files, async (staged) => {
    for (const { name } of files) await rename(join(staged, name), join(folder, name));
  });
  await syncFolder(folder);
}

/** Writes files to a new folder, for `publish` to give them their names; what is left of it then goes. */
async function stage(
  prefix: string,
  files: readonly NewFile[],
  publish: (staged: string) => Promise<void>,
): Promise<void> {
  const staged = await mkdtemp(prefix);
  try {
    for (const file of files) await write(join(staged, file.name), file);
    await syncFolder(staged);
    await publish(staged);
  } finally {
    await rm(staged, { recursive: true, force: true });
  }
}

async function write(path: string, { text, mode }: NewFile): Promise<void> {
  const handle = await open(path, 'wx', mode);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
