import { createHash } from 'node:crypto';
import { createReadStream, type Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { FileSource } from '../../core/dataset.js';
import { LocopropError } from '../../core/errors/error.js';
import { applyOverride } from '../../core/spec/overrides.js';
import { isMap, valueAt } from '../../core/spec/plain-value.js';
import { holdsOneArray } from '../configuration/spec-paths.js';
import { formatOfName } from '../datasets/format-name.js';
import { hasCode, reasonOf } from '../store/failure.js';
import { readRun } from '../store/stored-run.js';
import type { CoordinatorClient } from './client.js';

/** How a spec names an uploaded file. */
const UPLOAD = 'upload:';

/** A file that a spec names. */
interface NamedFile {
  /** Where the spec names it. */
  readonly path: readonly string[];
  readonly file: string;
}

/** A file that was sent, or was there. */
export interface Upload {
  readonly file: string;
  readonly digest: string;
  readonly bytes: number;
  /** Whether the coordinator had it already. */
  readonly known: boolean;
}

export interface UploadOptions {
  readonly client: CoordinatorClient;
  /** Where relative paths of the spec start. */
  readonly directory: string;
  /** Told before a file is sent. */
  readonly onUpload: (file: string, bytes: number) => void;
}

/**
 * Gives a coordinator the files of this machine that a spec names, as far as it lacks them, and names them in
 * the spec by their SHA-256.
 *
 * @param data a spec as it was written
 * @throws LocopropError DATA_FILE_MISSING, DATA_FILE_UNREADABLE; what reading a run throws; as the client
 */
export async function uploadFiles(
  data: unknown,
  { client, directory, onUpload }: UploadOptions,
): Promise<{ readonly data: unknown; readonly uploads: readonly Upload[] }> {
  const named = [...dataFiles(data), ...initialWeights(data)];
  const files: { readonly path: readonly string[]; readonly file: string; readonly bytes: number }[] = [];
  // All are looked at before one is sent.
  for (const { path, file } of named) {
    const isWeights = path[0] === 'initialWeights';
    const found = resolve(directory, file);
    const own = isWeights ? await checkpointOf(found) : found;
    files.push({ path, file: own, bytes: await bytesOf(own) });
  }
  const uploads = new Map<string, Upload>();
  let uploaded = withFormats(data);
  for (const { path, file, bytes } of files) {
    let upload = uploads.get(file);
    if (!upload) {
      upload = await give(client, { file, bytes, onUpload });
      uploads.set(file, upload);
    }
    uploaded = applyOverride(uploaded, { path, value: `${UPLOAD}${upload.digest}` });
  }
  return { data: uploaded, uploads: [...uploads.values()] };
}

const isLocal = (value: unknown): value is string => typeof value === 'string' && !value.startsWith(UPLOAD);

const sources = [
  ['data', 'train'],
  ['data', 'test'],
] as const;

function dataFiles(data: unknown): NamedFile[] {
  return sources.flatMap((path) => {
    const source = valueAt(data, path);
    if (!isMap(source) || typeof source['file'] !== 'string') return [];
    // Labels and targets of their own are files only where one file holds one array.
    const fields = holdsOneArray(source as unknown as FileSource) ? ['file', 'labels', 'targets'] : ['file'];
    return fields.flatMap((field) => {
      const file = source[field];
      return isLocal(file) ? [{ path: [...path, field], file }] : [];
    });
  });
}

function initialWeights(data: unknown): NamedFile[] {
  const file = isMap(data) ? data['initialWeights'] : null;
  return isLocal(file) ? [{ path: ['initialWeights'], file }] : [];
}

/** What a file's name has told so far stands in the spec, for the name goes. */
function withFormats(data: unknown): unknown {
  return sources.reduce<unknown>((spec, path) => {
    const source = valueAt(spec, path);
    if (!isMap(source) || !isLocal(source['file']) || source['format'] !== undefined) return spec;
    const format = formatOfName(source['file']);
    return format === undefined ? spec : applyOverride(spec, { path: [...path, 'format'], value: format });
  }, data);
}

/** Of a run, the newest checkpoint. */
async function checkpointOf(path: string): Promise<string> {
  if (!(await statOf(path)).isDirectory()) return path;
  const run = await readRun(path);
  return join(path, (await run.loadCheckpoint('latest')).file);
}

async function bytesOf(file: string): Promise<number> {
  const found = await statOf(file);
  if (found.isFile()) return found.size;
  throw new LocopropError('DATA_FILE_UNREADABLE', { file, reason: 'it is no regular file' });
}

async function statOf(file: string): Promise<Stats> {
  try {
    return await stat(file);
  } catch (cause) {
    throw fileFailure(file, cause);
  }
}

const fileFailure = (file: string, cause: unknown): LocopropError =>
  hasCode(cause, 'ENOENT')
    ? new LocopropError('DATA_FILE_MISSING', { file }, { cause })
    : new LocopropError('DATA_FILE_UNREADABLE', { file, reason: reasonOf(cause) }, { cause });

async function give(
  client: CoordinatorClient,
  {
    file,
    bytes,
    onUpload,
  }: { readonly file: string; readonly bytes: number } & Pick<UploadOptions, 'onUpload'>,
): Promise<Upload> {
  const digest = await digestOf(file);
  if ((await client.dataset(digest)) !== null) return { file, digest, bytes, known: true };
  onUpload(file, bytes);
  try {
    // A file that changes meanwhile has another digest, and is refused.
    const open = () => createReadStream(file, { end: Math.max(0, bytes - 1) });
    await client.upload({ bytes, open }, { name: basename(file), digest });
  } catch (cause) {
    throw hasCode(cause, 'EACCES', 'EISDIR', 'EIO', 'ENOENT') ? fileFailure(file, cause) : cause;
  }
  return { file, digest, bytes, known: false };
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(file)) hash.update(chunk as Uint8Array);
  } catch (cause) {
    throw fileFailure(file, cause);
  }
  return hash.digest('hex');
}
