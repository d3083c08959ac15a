import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LocopropError } from '../../core/errors/error.js';
import { RemoteError } from '../../core/errors/remote-error.js';
import { BackOff, pause } from '../time/back-off.js';
import type { StoredFile } from '../store/job-store.js';
import { hasCode, writeFailed } from '../store/failure.js';
import { temporaryName } from '../store/files.js';
import { invalidAnswer } from './answers.js';
import type { CoordinatorClient } from './client.js';
import { ConnectionFailure } from './connection.js';

/** How often a file whose connection breaks is begun again. */
const MAX_ATTEMPTS = 5;

export interface Downloaded extends StoredFile {
  /** Whether it was there already, by its size. */
  readonly known: boolean;
}

export interface DownloadOptions {
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly onFile: (file: StoredFile) => void;
}

/**
 * Writes all files of a job to a folder. Each has its name only when it is whole. A job that runs takes its older
 * checkpoints away: where one is gone when its turn comes, those that are there by then are fetched.
 * @throws LocopropError STORE_WRITE_FAILED, SERVICE_ANSWER_INVALID, SERVICE_UNREACHABLE; as the client
 */
export async function downloadFiles(
  client: CoordinatorClient,
  id: string,
  { folder, signal, onFile }: DownloadOptions,
): Promise<readonly Downloaded[]> {
  const downloaded = new Map<string, Downloaded>();
  const gone = new Set<string>();
  let missed: boolean;
  do {
    missed = false;
    // All are looked at before one is written.
    const listed = (await client.artifacts(id)).map((file): Fetching => {
      return { id, file, target: join(folder, ...partsOf(file.name)), signal };
    });
    for (const fetching of listed) {
      const { file } = fetching;
      if (downloaded.has(file.name)) continue;
      try {
        const known = await downloadFile(client, fetching, onFile);
        downloaded.set(file.name, { ...file, known });
      } catch (cause) {
        if (!isUnknown(cause) || gone.has(file.name)) throw cause;
        gone.add(file.name);
        missed = true;
      }
    }
  } while (missed);
  return [...downloaded.values()];
}

/** Whether it was there already. */
async function downloadFile(
  client: CoordinatorClient,
  fetching: Fetching,
  onFile: DownloadOptions['onFile'],
): Promise<boolean> {
  const { file, target } = fetching;
  if (isFinal(file.name) && (await sizeOf(target)) === file.bytes) return true;
  onFile(file);
  await fetchFile(client, fetching);
  return false;
}

const isUnknown = (cause: unknown): boolean =>
  cause instanceof RemoteError && cause.code === 'ARTIFACT_UNKNOWN';

/** Whether a file is never written again under its name: others may have changed, and be as long as before. */
const isFinal = (name: string): boolean => /^checkpoints\/step-\d+\.safetensors$/.test(name);

/** The parts of a file's name, which leads nowhere but downwards. */
function partsOf(name: unknown): string[] {
  const parts = typeof name === 'string' ? name.split('/') : [''];
  const wrong = parts.some(
    (part) => part === '' || part === '.' || part === '..' || /[\\:\p{Cc}]/u.test(part),
  );
  if (wrong) throw invalidAnswer('The coordinator', `${JSON.stringify(name)} is no name of a file`);
  return parts;
}

async function sizeOf(path: string): Promise<number | null> {
  try {
    const found = await stat(path);
    return found.isFile() ? found.size : null;
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return null;
    throw writeFailed(path, cause);
  }
}

interface Fetching {
  readonly id: string;
  readonly file: StoredFile;
  readonly target: string;
  readonly signal: AbortSignal;
}

async function fetchFile(client: CoordinatorClient, { id, file, target, signal }: Fetching): Promise<void> {
  const backOff = new BackOff();
  const temporary = temporaryName(target);
  for (let attempt = 1; ; attempt += 1) {
    try {
      await mkdir(dirname(target), { recursive: true });
      await receive(client.artifact(id, file.name, signal), temporary);
      await rename(temporary, target);
      return;
    } catch (cause) {
      await rm(temporary, { force: true });
      if (!(cause instanceof ConnectionFailure)) throw signal.aborted ? cause : failureOf(target, cause);
      if (attempt === MAX_ATTEMPTS)
        throw new LocopropError(
          'SERVICE_UNREACHABLE',
          { server: file.name, reason: cause.message },
          { cause },
        );
      await pause(backOff.next(), signal);
    }
  }
}

const failureOf = (target: string, cause: unknown): unknown =>
  cause instanceof LocopropError || cause instanceof RemoteError ? cause : writeFailed(target, cause);

async function receive(chunks: AsyncIterable<Uint8Array>, path: string): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    for await (const chunk of chunks) await handle.writeFile(chunk);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
