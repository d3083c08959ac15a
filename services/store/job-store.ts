import type { Readable } from 'node:stream';
import type { JobRecord } from '../../core/job/record.js';
import type { Sharing } from './folder-lock.js';
import type { RunStore } from './run-store.js';

/** A record and the version that it is. */
export interface VersionedRecord {
  readonly record: JobRecord;
  /** From 1. */
  readonly version: number;
}

/** A file of examples that a client has uploaded. */
export interface StoredDataset {
  /** SHA-256 of its bytes, in hexadecimal: the same file has the same name. */
  readonly id: string;
  /** The client's name for it: its ending tells the format. */
  readonly name: string;
  readonly bytes: number;
  readonly uploadedAt: string;
}

/** A file of a run, for clients. */
export interface StoredFile {
  /** Relative, with `/` between folders. */
  readonly name: string;
  readonly bytes: number;
}

/**
 * Where the jobs of a service are kept: their records, their runs, and uploaded data sets. Several
 * coordinators may share one. Every write is durable once its promise resolves.
 *
 * All methods throw STORE_UNAVAILABLE, STORE_READ_FAILED or STORE_WRITE_FAILED where the store itself fails.
 */
export interface JobStore {
  /** The folder or bucket, for messages. */
  readonly location: string;

  /** Keeps a new record, as version 1; false where the id is taken. */
  create(record: JobRecord): Promise<boolean>;

  /** The newest version of a record; null where there is none. */
  read(id: string): Promise<VersionedRecord | null>;

  /**
   * Writes the record that follows `version`: of two that follow the same one, one is refused.
   * @returns the new version, or null where another record has followed already, or it was removed
   */
  replace(record: JobRecord, version: number): Promise<VersionedRecord | null>;

  /** The newest version of every record, in no order. Records that have not changed are not read again. */
  list(): Promise<readonly VersionedRecord[]>;

  /**
   * Removes a job with all its runs, for good.
   * @returns false where another record has followed `version` already, or it was removed
   */
  remove(id: string, version: number): Promise<boolean>;

  /** The store of the run of a job that was written under this fence; nothing is made before it is used. */
  run(id: string, fence: number): RunStore;

  /**
   * Makes the run of fence `to` a copy of that of fence `from`, whose holder may still be writing: the log
   * may be cut off anywhere after its last durable line, and a checkpoint is there whole or not at all. What
   * was in `to` before is gone.
   */
  forkRun(id: string, from: number, to: number): Promise<void>;

  /**
   * Removes the runs of a job under lower fences than this one. Those of higher ones stay: who asks may have
   * slept since he had the job, and they are of those who have taken it up meanwhile.
   */
  removeEarlierRuns(id: string, fence: number): Promise<void>;

  /** The files of a run, for clients. */
  files(id: string, fence: number): Promise<readonly StoredFile[]>;

  /** Streams a file of a run, from byte `start` on; null where it is missing. */
  openFile(id: string, fence: number, name: string, start?: number): Promise<Readable | null>;

  /**
   * Keeps a data set.
   * @param options.limit bytes that it may have
   * @param options.digest SHA-256 that it must have, where the client announced it
   * @throws LocopropError DATASET_TOO_LARGE, DATASET_DIGEST_MISMATCH; nothing is kept then
   */
  addDataset(
    content: AsyncIterable<Uint8Array>,
    options: { readonly name: string; readonly limit: number; readonly digest: string | null },
  ): Promise<StoredDataset>;

  datasets(): Promise<readonly StoredDataset[]>;

  dataset(id: string): Promise<StoredDataset | null>;

  /** The path of a local file with the data set's bytes; fetched where the store is elsewhere. Null where it is missing. */
  datasetFile(id: string): Promise<string | null>;

  removeDataset(id: string): Promise<void>;

  /**
   * Takes the store until `close`: for this process alone, where its queue is its own, or with others that share one.
   * @throws LocopropError STORE_LOCKED
   */
  lock(sharing: Sharing): Promise<void>;

  /** Whether the store answers. @throws LocopropError STORE_UNAVAILABLE */
  check(): Promise<void>;

  close(): Promise<void>;
}
