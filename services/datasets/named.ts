import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { DataSplit } from '../../core/dataset.js';
import { LocopropError } from '../../core/errors/error.js';
import { fileError } from './byte-stream.js';
import type { ExampleArrays } from './columns.js';
import { download } from './download.js';
import { readIdx } from './idx.js';
import type { PublicFile, PublicSet } from './named-sets.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Folders where the files of a data set may already be, first the one that the user names. */
function localFolders(set: PublicSet, { LOCOPROP_DATA_DIR: folder }: Environment): string[] {
  return folder === undefined || folder === '' ? [] : [resolve(folder, set.name), resolve(folder)];
}

/** Where fetched files are kept (XDG Base Directory Specification). */
function cacheFolder(set: PublicSet, { XDG_CACHE_HOME: cache, HOME: home }: Environment): string {
  return join(
    cache === undefined || cache === '' ? join(home ?? homedir(), '.cache') : cache,
    'locoprop',
    set.name,
  );
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    const refused = fileError(path, error);
    if (refused instanceof LocopropError && refused.code === 'DATA_FILE_MISSING') return false;
    throw refused;
  }
}

/** The path of a file in a folder, plain or gzip; null where it is not. */
async function findFile(folder: string, { name }: PublicFile): Promise<string | null> {
  for (const path of [join(folder, name), join(folder, `${name}.gz`)]) if (await exists(path)) return path;
  return null;
}

/** The paths of all the files in one folder, so that no set is mixed from two; null if one is missing. */
async function findAll(folder: string, files: readonly PublicFile[]): Promise<string[] | null> {
  const paths: string[] = [];
  for (const file of files) {
    const path = await findFile(folder, file);
    if (path === null) return null;
    paths.push(path);
  }
  return paths;
}

/** Where a public data set is looked for. */
export interface PublicSetLocation {
  readonly name: string;
  /** In this order; the last one is the cache. */
  readonly searched: readonly string[];
  /** The first of them that has all files; null where they would be fetched. */
  readonly found: string | null;
}

/** Looks for a public data set without fetching it. */
export async function locatePublicSet(set: PublicSet, environment: Environment): Promise<PublicSetLocation> {
  const files = Object.values(set.files).flatMap(({ images, labels }) => [images, labels]);
  const searched = [...localFolders(set, environment), cacheFolder(set, environment)];
  let found: string | null = null;
  for (const folder of searched) if ((await findAll(folder, files)) !== null) found ??= folder;
  return { name: set.name, searched, found };
}

/** The path of a file in the cache, fetched if it is not there. */
async function cached(
  set: PublicSet,
  file: PublicFile,
  {
    files,
    searched,
    folder,
    stallMs,
  }: {
    readonly files: readonly PublicFile[];
    readonly searched: readonly string[];
    readonly folder: string;
    readonly stallMs: number | undefined;
  },
): Promise<string> {
  const found = await findFile(folder, file);
  if (found !== null) return found;
  const target = join(folder, `${file.name}.gz`);
  const failures = await download(file, { mirrors: set.mirrors, target, stallMs });
  if (failures === null) return target;
  throw new LocopropError('DATASET_UNAVAILABLE', {
    dataset: set.name,
    files: files.map(({ name }) => name).join(' and '),
    folders: searched.join(', '),
    reasons: failures.join('; '),
  });
}

/**
 * Reads a public data set: from LOCOPROP_DATA_DIR, where the files are the user's and of any size,
 * else from the cache of the user, else fetched into it.
 *
 * @throws LocopropError DATASET_UNAVAILABLE, or as readIdx
 */
export async function readPublicSet(
  set: PublicSet,
  {
    split,
    environment,
    maxBytes,
    withLabels,
    stallMs,
  }: {
    readonly split: DataSplit;
    readonly environment: Environment;
    readonly maxBytes: number;
    readonly withLabels: boolean;
    readonly stallMs?: number | undefined;
  },
): Promise<ExampleArrays> {
  const { images, labels } = set.files[split];
  const files = withLabels ? [images, labels] : [images];
  const folder = cacheFolder(set, environment);
  const searched = [...localFolders(set, environment), folder];
  let paths: string[] | null = null;
  for (const candidate of searched) paths ??= await findAll(candidate, files);
  if (paths === null) {
    paths = [];
    for (const file of files) paths.push(await cached(set, file, { files, searched, folder, stallMs }));
  }
  const [imagesPath = '', labelsPath] = paths;
  return {
    inputs: await readIdx(imagesPath, maxBytes),
    labels: labelsPath === undefined ? null : await readIdx(labelsPath, maxBytes),
    targets: null,
  };
}
