import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { LocopropError } from '../../core/errors/error.js';
import { eachOf } from './each-of.js';
import { hasCode, writeFailed } from './failure.js';
import { moveDurably, temporaryName } from './files.js';
import { isDatasetId, safeFileName } from './job-paths.js';
import type { StoredDataset } from './job-store.js';
import type { ObjectStore } from './objects/objects.js';

const DATASETS = 'datasets/';

const contentKey = ({ id, name }: StoredDataset): string => `${DATASETS}${id}/${name}`;
/** Written last: what has none is not there yet. */
const detailsKey = (id: string): string => `${DATASETS}${id}.json`;

const detailsSchema = z.object({
  id: z.string(),
  name: z.string(),
  bytes: z.int().min(0),
  uploadedAt: z.string(),
});

export interface AddOptions {
  readonly name: string;
  readonly limit: number;
  readonly digest: string | null;
}

/** Uploaded data sets: `datasets/<sha256>/<name>`, described by `datasets/<sha256>.json`. */
export class JobDatasets {
  readonly #objects: ObjectStore;
  /** For copies of what is elsewhere. */
  readonly #cache: string;
  readonly #report: (problem: LocopropError) => void;
  readonly #clock: () => Date;
  readonly #fetches = new Map<string, Promise<string>>();

  constructor(
    objects: ObjectStore,
    cache: string,
    report: (problem: LocopropError) => void,
    clock: () => Date,
  ) {
    this.#objects = objects;
    this.#cache = cache;
    this.#report = report;
    this.#clock = clock;
  }

  async add(content: AsyncIterable<Uint8Array>, options: AddOptions): Promise<StoredDataset> {
    const file = temporaryName(join(this.#objects.staging, 'upload'));
    try {
      const { id, bytes } = await receive(content, file, options);
      const known = await this.get(id);
      if (known) return known;
      const dataset = {
        id,
        name: safeFileName(options.name),
        bytes,
        uploadedAt: this.#clock().toISOString(),
      };
      await this.#objects.take(file, contentKey(dataset));
      const details = Buffer.from(`${JSON.stringify(dataset)}\n`);
      if (await this.#objects.create(detailsKey(id), details)) return dataset;
      // Uploaded twice at once, or the answer to the first try was lost.
      const other = (await this.get(id)) ?? dataset;
      if (other.name !== dataset.name) await this.#objects.remove(contentKey(dataset));
      return other;
    } finally {
      await rm(file, { force: true });
    }
  }

  async all(): Promise<StoredDataset[]> {
    const keys = await this.#objects.list(DATASETS);
    const ids = keys.map((key) => /^datasets\/([0-9a-f]{64})\.json$/.exec(key)?.[1]);
    const found = await eachOf(
      ids.filter((id) => id !== undefined),
      async (id) => {
        try {
          return await this.get(id);
        } catch (cause) {
          if (!(cause instanceof LocopropError && cause.code === 'STORE_READ_FAILED')) throw cause;
          this.#report(cause);
          return null;
        }
      },
    );
    return found.filter((dataset) => dataset !== null);
  }

  async get(id: string): Promise<StoredDataset | null> {
    if (!isDatasetId(id)) return null;
    const key = detailsKey(id);
    const bytes = await this.#objects.read(key);
    if (!bytes) return null;
    try {
      return detailsSchema.parse(JSON.parse(Buffer.from(bytes).toString()));
    } catch (cause) {
      const details = { file: this.#objects.name(key), reason: 'it does not describe a data set' };
      throw new LocopropError('STORE_READ_FAILED', details, { cause });
    }
  }

  async file(id: string): Promise<string | null> {
    const dataset = await this.get(id);
    if (!dataset) return null;
    const local = this.#objects.localPath(contentKey(dataset));
    if (local !== null) return local;
    // Asked for by several at once it is fetched once.
    const fetching = this.#fetches.get(id) ?? this.#fetch(dataset);
    this.#fetches.set(id, fetching);
    try {
      return await fetching;
    } finally {
      this.#fetches.delete(id);
    }
  }

  async remove(id: string): Promise<void> {
    if (!isDatasetId(id)) return;
    await this.#objects.remove(detailsKey(id));
    await this.#objects.removeAll(`${DATASETS}${id}/`);
    // Copies of it that others have made stay until their caches go.
    await rm(join(this.#cache, id), { recursive: true, force: true });
  }

  async #fetch(dataset: StoredDataset): Promise<string> {
    const path = join(this.#cache, dataset.id, dataset.name);
    // It was compared when it was given its name.
    if ((await sizeOf(path)) === dataset.bytes) return path;
    const key = contentKey(dataset);
    const content = await this.#objects.open(key, 0);
    const failed = (reason: string, cause?: unknown): LocopropError =>
      new LocopropError('STORE_READ_FAILED', { file: this.#objects.name(key), reason }, { cause });
    if (!content) throw failed('it is missing');
    const file = temporaryName(path);
    try {
      await mkdir(join(this.#cache, dataset.id), { recursive: true });
      const { id } = await receive(content, file, { limit: Infinity, digest: null });
      if (id !== dataset.id) throw failed(`its SHA-256 is ${id}`);
      await moveDurably(file, path);
      return path;
    } finally {
      await rm(file, { force: true });
    }
  }
}

/** Writes what comes to a new file, durably; gives its SHA-256. */
async function receive(
  content: AsyncIterable<Uint8Array>,
  file: string,
  { limit, digest }: Omit<AddOptions, 'name'>,
): Promise<{ id: string; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  const handle = await create(file);
  try {
    for await (const chunk of content) {
      bytes += chunk.length;
      if (bytes > limit) throw new LocopropError('DATASET_TOO_LARGE', { limit });
      hash.update(chunk);
      await writing(file, () => handle.writeFile(chunk));
    }
    await writing(file, () => handle.sync());
  } finally {
    await handle.close();
  }
  const id = hash.digest('hex');
  if (digest !== null && digest.toLowerCase() !== id) {
    throw new LocopropError('DATASET_DIGEST_MISMATCH', { found: id, announced: digest });
  }
  return { id, bytes };
}

const create = (file: string): Promise<FileHandle> =>
  writing(file, async () => {
    await mkdir(join(file, '..'), { recursive: true });
    return open(file, 'wx');
  });

/** Failures of the disk, as opposed to those of who sends. */
async function writing<Result>(file: string, task: () => Promise<Result>): Promise<Result> {
  try {
    return await task();
  } catch (cause) {
    throw writeFailed(file, cause);
  }
}

async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return null;
    throw cause;
  }
}
