import { Readable } from 'node:stream';
import { LocopropError } from '../../core/errors/error.js';
import type { JobRecord } from '../../core/job/record.js';
import { fileOfSegment } from './bucket-line-file.js';
import type { Sharing } from './folder-lock.js';
import { forkFolder } from './fork.js';
import { type AddOptions, JobDatasets } from './job-datasets.js';
import { isFileName, isJobId, jobFolder, runFolder } from './job-paths.js';
import { RecordVersions } from './record-versions.js';
import type { JobStore, StoredDataset, StoredFile, VersionedRecord } from './job-store.js';
import type { ObjectStore } from './objects/objects.js';
import type { RunStore } from './run-store.js';

export interface ObjectJobStoreOptions {
  /** The store of the run in a folder of the objects, which ends in `/`. */
  readonly runStore: (folder: string) => RunStore;
  /** Folder of this machine for copies of data sets that are elsewhere. */
  readonly cache: string;
  readonly onProblem: (problem: LocopropError) => void;
  readonly clock: () => Date;
}

/**
 * The jobs of a service in a folder or a bucket:
 *
 *     records/<id>.<version>.json            RecordVersions
 *     jobs/<id>/<fence>/…                    RunStore
 *     datasets/<sha256>/<name>, <sha256>.json   JobDatasets
 */
export class ObjectJobStore implements JobStore {
  readonly location: string;
  readonly #objects: ObjectStore;
  readonly #records: RecordVersions;
  readonly #datasets: JobDatasets;
  readonly #runStore: (folder: string) => RunStore;

  constructor(objects: ObjectStore, { runStore, cache, onProblem, clock }: ObjectJobStoreOptions) {
    this.location = objects.location;
    this.#objects = objects;
    this.#runStore = runStore;
    this.#records = new RecordVersions(objects, onProblem, clock);
    this.#datasets = new JobDatasets(objects, cache, onProblem, clock);
  }

  async create(record: JobRecord): Promise<boolean> {
    if (!isJobId(record.id)) {
      throw new LocopropError('REQUEST_INVALID', { reason: 'the id of a job has letters, digits, _ and -' });
    }
    return this.#records.create(record);
  }

  async read(id: string): Promise<VersionedRecord | null> {
    return isJobId(id) ? this.#records.read(id) : null;
  }

  async replace(record: JobRecord, version: number): Promise<VersionedRecord | null> {
    return isJobId(record.id) ? this.#records.replace(record, version) : null;
  }

  list(): Promise<readonly VersionedRecord[]> {
    return this.#records.list();
  }

  async remove(id: string, version: number): Promise<boolean> {
    if (!isJobId(id) || !(await this.#records.remove(id, version))) return false;
    await this.#objects.removeAll(jobFolder(id));
    for (const old of this.#records.forgettable()) {
      // Who was cut off from a run may have written into it since.
      await this.#objects.removeAll(jobFolder(old));
      await this.#records.forget(old);
    }
    return true;
  }

  run(id: string, fence: number): RunStore {
    return this.#runStore(this.#folder(id, fence));
  }

  async forkRun(id: string, from: number, to: number): Promise<void> {
    await forkFolder(this.#objects, this.#folder(id, from), this.#folder(id, to));
  }

  async removeEarlierRuns(id: string, fence: number): Promise<void> {
    const folder = jobFolder(id);
    const keys = await this.#objects.list(folder);
    const fences = new Set(keys.map((key) => Number(key.slice(folder.length).split('/', 1)[0])));
    for (const own of fences) if (own < fence) await this.#objects.removeAll(this.#folder(id, own));
  }

  async files(id: string, fence: number): Promise<readonly StoredFile[]> {
    if (!isRun(id, fence)) return [];
    const folder = runFolder(id, fence);
    const bytes = new Map<string, number>();
    for (const object of await this.#objects.sizes(folder)) {
      const name = (fileOfSegment(object.key) ?? object.key).slice(folder.length);
      bytes.set(name, (bytes.get(name) ?? 0) + object.bytes);
    }
    return Array.from(bytes, ([name, size]) => ({ name, bytes: size }));
  }

  async openFile(id: string, fence: number, name: string, start = 0): Promise<Readable | null> {
    if (!isRun(id, fence) || !isFileName(name)) return null;
    const key = `${runFolder(id, fence)}${name}`;
    return (await this.#objects.open(key, start)) ?? this.#openSegments(key, start);
  }

  addDataset(content: AsyncIterable<Uint8Array>, options: AddOptions): Promise<StoredDataset> {
    return this.#datasets.add(content, options);
  }

  datasets(): Promise<readonly StoredDataset[]> {
    return this.#datasets.all();
  }

  dataset(id: string): Promise<StoredDataset | null> {
    return this.#datasets.get(id);
  }

  datasetFile(id: string): Promise<string | null> {
    return this.#datasets.file(id);
  }

  removeDataset(id: string): Promise<void> {
    return this.#datasets.remove(id);
  }

  lock(sharing: Sharing): Promise<void> {
    return this.#objects.lock(sharing);
  }

  check(): Promise<void> {
    return this.#objects.check();
  }

  close(): Promise<void> {
    return this.#objects.close();
  }

  /** @throws LocopropError JOB_UNKNOWN for what cannot be a run of a job */
  #folder(id: string, fence: number): string {
    if (!isRun(id, fence)) throw new LocopropError('JOB_UNKNOWN', { job: id });
    return runFolder(id, fence);
  }

  /** A file of lines in a bucket is given as the one that it stands for. */
  async #openSegments(file: string, start: number): Promise<Readable | null> {
    const segments = (await this.#objects.sizes(`${file}/`)).filter(({ key }) => fileOfSegment(key) === file);
    if (segments.length === 0) return null;
    const objects = this.#objects;
    async function* content(): AsyncGenerator<Uint8Array> {
      let skipped = start;
      for (const { key, bytes } of segments) {
        if (skipped < bytes) yield (await objects.read(key, skipped, bytes - skipped)) ?? new Uint8Array();
        skipped = Math.max(0, skipped - bytes);
      }
    }
    return Readable.from(content(), { objectMode: false });
  }
}

const isRun = (id: string, fence: number): boolean =>
  isJobId(id) && Number.isSafeInteger(fence) && fence >= 0;
