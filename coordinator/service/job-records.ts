import { LocopropError } from '../../core/errors/error.js';
import type { JobEvent, JobRecord } from '../../core/job/record.js';
import type { JobStore, VersionedRecord } from '../../services/store/job-store.js';

/** How old a list of records may be that is answered with. */
const FRESH_MS = 500;
/** Attempts at a change that others make at the same time. */
const ATTEMPTS = 20;

/** Told of a record that has become another; null where it was removed. */
export type RecordListener = (record: JobRecord | null, id: string) => void;

export interface JobRecordsOptions {
  readonly store: JobStore;
  /** Told of the events of a job that this process has written to its record. */
  readonly onWritten: (events: readonly JobEvent[], record: JobRecord) => void;
  /** @default the system's */
  readonly clock?: () => Date;
}

/**
 * The records of all jobs as this process knows them: the store is the truth, others may write to it too.
 */
export class JobRecords {
  readonly #store: JobStore;
  readonly #known = new Map<string, VersionedRecord>();
  readonly #listeners = new Set<RecordListener>();
  readonly #onWritten: JobRecordsOptions['onWritten'];
  readonly #clock: () => Date;
  #refreshedMs = -Infinity;
  #refreshing: Promise<void> | null = null;

  constructor({ store, onWritten, clock = () => new Date() }: JobRecordsOptions) {
    this.#store = store;
    this.#onWritten = onWritten;
    this.#clock = clock;
  }

  now(): Date {
    return this.#clock();
  }

  /** @returns what ends the subscription */
  subscribe(listener: RecordListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** All records, no older than half a second, in no order. */
  async all(): Promise<readonly JobRecord[]> {
    return performance.now() - this.#refreshedMs > FRESH_MS ? this.refresh() : this.#all();
  }

  /** A record as it is known here; the newest one after `refresh`. */
  known(id: string): JobRecord | null {
    return this.#known.get(id)?.record ?? null;
  }

  /** The newest record. @throws LocopropError JOB_UNKNOWN */
  async get(id: string): Promise<JobRecord> {
    return (await this.#read(id)).record;
  }

  /** The newest record; null where there is none, or none any more. */
  async find(id: string): Promise<JobRecord | null> {
    return (await this.#store.read(id))?.record ?? null;
  }

  /** Keeps the record of a new job; false where its id is taken. */
  async create(record: JobRecord): Promise<boolean> {
    const created = await this.#store.create(record);
    if (created) {
      this.#learn(record.id, { record, version: 1 });
      this.#onWritten(record.history, record);
    }
    return created;
  }

  /**
   * Replaces a record by what `move` makes of it, unless that is the same: again, of the newer one, where
   * somebody else has replaced it meanwhile.
   * @throws LocopropError JOB_UNKNOWN, JOB_CHANGED, and what `move` throws
   */
  async change(id: string, move: (record: JobRecord, now: Date) => JobRecord): Promise<JobRecord> {
    return this.#attempt(id, async ({ record, version }) => {
      const moved = move(record, this.now());
      if (moved === record) return record;
      const replaced = await this.#store.replace(moved, version);
      if (!replaced) return null;
      this.#learn(id, replaced);
      const last = record.history.at(-1)?.number ?? 0;
      const events = replaced.record.history.filter(({ number }) => number > last);
      if (events.length > 0) this.#onWritten(events, replaced.record);
      return replaced.record;
    });
  }

  /**
   * Removes a job where `may` says so: asked again, of the newer record, where somebody else has replaced it
   * meanwhile.
   * @returns whether it was removed
   * @throws LocopropError JOB_UNKNOWN, JOB_CHANGED, and what `may` throws
   */
  async remove(id: string, may: (record: JobRecord) => boolean): Promise<boolean> {
    return this.#attempt(id, async ({ record, version }) => {
      if (!may(record)) return false;
      if (!(await this.#store.remove(id, version))) return null;
      this.#forget(id);
      return true;
    });
  }

  /** What is done with the newest record; null is for one that others have replaced meanwhile. */
  async #attempt<T>(id: string, action: (newest: VersionedRecord) => Promise<T | null>): Promise<T> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const done = await action(await this.#read(id));
      if (done !== null) return done;
    }
    throw new LocopropError('JOB_CHANGED', { job: id });
  }

  /** Learns what others have written. @returns all records, as they are known then */
  async refresh(): Promise<readonly JobRecord[]> {
    this.#refreshing ??= this.#load().finally(() => (this.#refreshing = null));
    await this.#refreshing;
    return this.#all();
  }

  #all(): readonly JobRecord[] {
    return Array.from(this.#known.values(), ({ record }) => record);
  }

  async #load(): Promise<void> {
    const begunMs = performance.now();
    const listed = await this.#store.list();
    const there = new Set(listed.map(({ record }) => record.id));
    for (const id of [...this.#known.keys()].filter((known) => !there.has(known))) {
      if (await this.#hasGone(id)) this.#forget(id);
    }
    for (const found of listed) this.#learn(found.record.id, found);
    this.#refreshedMs = begunMs;
  }

  /** Whether a record that is not in a list is no more; one that was created while that was made is not in it. */
  async #hasGone(id: string): Promise<boolean> {
    try {
      return (await this.#store.read(id)) === null;
    } catch (error) {
      // The other jobs go on without it; the store has told of it.
      if (error instanceof LocopropError && error.code === 'STORE_RECORD_DAMAGED') return true;
      throw error;
    }
  }

  async #read(id: string): Promise<VersionedRecord> {
    const found = await this.#store.read(id);
    if (!found) {
      this.#forget(id);
      throw new LocopropError('JOB_UNKNOWN', { job: id });
    }
    this.#learn(id, found);
    return found;
  }

  #learn(id: string, found: VersionedRecord): void {
    const known = this.#known.get(id);
    if (known && known.version >= found.version) return;
    this.#known.set(id, found);
    for (const listener of this.#listeners) listener(found.record, id);
  }

  #forget(id: string): void {
    if (!this.#known.delete(id)) return;
    for (const listener of this.#listeners) listener(null, id);
  }
}
