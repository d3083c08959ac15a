import { randomBytes } from 'node:crypto';
import { LocopropError } from '../../core/errors/error.js';
import type { JobRecord } from '../../core/job/record.js';
import { eachOf } from './each-of.js';
import type { VersionedRecord } from './job-store.js';
import type { ObjectStore } from './objects/objects.js';
import {
  decodeRecord,
  encodeRecord,
  MAX_LINEAGE,
  parseRecordKey,
  recordKey,
  RECORDS,
  type StoredRecord,
} from './record-format.js';

/** Marks of removed jobs stay so long: nobody writes a record that follows one he has read before that. */
const MARK_DAYS = 7;
const READ_ATTEMPTS = 100;

/**
 * The records of jobs: each version of one is an object of its own, never changed, and the highest is the
 * record. A writer creates the version after the one that he has read, which only one can, and removes the
 * versions before his, the lowest first.
 *
 * So that the versions do not pile up they are removed, and then a writer who has slept can create a number
 * that was there once. He is always found out, because after that he looks for the very version that he has
 * read: where it still is, it was the newest when he created his, since whoever had followed it would have
 * removed it before the number that he made free could become free. And where it has gone, a newer one is
 * there, and names the writes that led to it: his is among them when others have followed his own write
 * before he looked, else he takes it back. That a newer one is there holds because a version is removed only
 * by one who knows of a higher one: the highest never goes. A dead writer's leftover is below it too, hence
 * seen by nobody, and is removed with the next write. A removed job has a last version that says so, and
 * stays for a week.
 */
export class RecordVersions {
  readonly #objects: ObjectStore;
  readonly #report: (problem: LocopropError) => void;
  readonly #clock: () => Date;
  /** The newest version of each job that this process has seen, which spares reading it again. */
  readonly #seen = new Map<string, StoredRecord>();
  /** Objects that were reported. */
  readonly #damaged = new Set<string>();

  constructor(objects: ObjectStore, report: (problem: LocopropError) => void, clock: () => Date) {
    this.#objects = objects;
    this.#report = report;
    this.#clock = clock;
  }

  async create(record: JobRecord): Promise<boolean> {
    if ((await this.#newest(record.id)) !== null) return false;
    return (await this.#follow(record.id, null, record)) !== null;
  }

  async read(id: string): Promise<VersionedRecord | null> {
    return versioned(await this.#newest(id));
  }

  async replace(record: JobRecord, version: number): Promise<VersionedRecord | null> {
    const before = await this.#toFollow(record.id, version);
    return before && versioned(await this.#follow(record.id, before, record));
  }

  /** Removes a record for good: nobody can follow it. False where another has followed `version`. */
  async remove(id: string, version: number): Promise<boolean> {
    const before = await this.#toFollow(id, version);
    return before !== null && (await this.#follow(id, before, null)) !== null;
  }

  async list(): Promise<VersionedRecord[]> {
    const newest = await this.#versions();
    const loaded = await eachOf([...newest], async ([id, version]) => {
      const seen = this.#seen.get(id);
      if (seen?.version === version) return seen;
      try {
        return await this.#newest(id, version);
      } catch (cause) {
        // The other jobs go on without it.
        this.#reportDamage(cause, recordKey(id, version));
        return null;
      }
    });
    return loaded.map(versioned).filter((record) => record !== null);
  }

  /** The jobs removed so long ago that their marks may go too, as far as this process has seen them. */
  forgettable(): string[] {
    const before = new Date(this.#clock().getTime() - MARK_DAYS * 24 * 3600 * 1000).toISOString();
    const old = ({ removedAt }: StoredRecord): boolean => removedAt !== null && removedAt < before;
    return [...this.#seen].filter(([, stored]) => old(stored)).map(([id]) => id);
  }

  /** Removes the mark of a removed job. */
  async forget(id: string): Promise<void> {
    await this.#removeBelow(id, Infinity);
    this.#seen.delete(id);
  }

  /** The record of a version; null where that is not the newest one. */
  async #toFollow(id: string, version: number): Promise<StoredRecord | null> {
    const seen = this.#seen.get(id);
    // Only what was the newest once can be followed: a leftover of a dead writer has a number too.
    const newest = seen && seen.version >= version ? seen : await this.#newest(id);
    return newest?.record && newest.version === version ? newest : null;
  }

  /**
   * @param record null to remove it
   * @returns null where the version before has been followed by another
   */
  async #follow(
    id: string,
    before: StoredRecord | null,
    record: JobRecord | null,
  ): Promise<StoredRecord | null> {
    const own: StoredRecord = {
      version: (before?.version ?? 0) + 1,
      write: newWrite(),
      lineage: before ? lineageAfter(before) : [],
      record,
      removedAt: record ? null : this.#clock().toISOString(),
    };
    const key = recordKey(id, own.version);
    const created =
      (await this.#objects.create(key, encodeRecord(own))) ||
      // A client that sends again because the answer was lost is told of its own object.
      (await this.#loadOrNone(id, own.version))?.write === own.write;
    if (created && (await this.#isNext(id, before))) {
      this.#see(id, own);
      await this.#tidy(id, own.version);
      return own;
    }
    const newest = await this.#newest(id);
    const later = (newest?.version ?? 0) - own.version;
    if (newest && later > 0 && newest.lineage[later - 1] === own.write) return own;
    if (created) {
      await this.#objects.remove(key);
      if (this.#seen.get(id)?.write === own.write) this.#seen.delete(id);
    }
    return null;
  }

  /** Whether what was just created follows the version before: that is then still there. */
  async #isNext(id: string, before: StoredRecord | null): Promise<boolean> {
    if (before) return (await this.#load(id, before.version))?.write === before.write;
    return (await this.#highest(id)) === 1;
  }

  /** The newest version, `likely` one from a listing; one that goes before it is read has a higher one. */
  async #newest(id: string, likely?: number): Promise<StoredRecord | null> {
    for (let attempt = 1; attempt <= READ_ATTEMPTS; attempt += 1) {
      const version = attempt === 1 && likely !== undefined ? likely : await this.#highest(id);
      if (version === null) return null;
      const seen = this.#seen.get(id);
      const stored = seen?.version === version ? seen : await this.#load(id, version);
      if (!stored) continue;
      this.#see(id, stored);
      return stored;
    }
    const reason = `it changed ${READ_ATTEMPTS} times while it was read`;
    throw new LocopropError('STORE_READ_FAILED', { file: this.#objects.name(`${RECORDS}${id}`), reason });
  }

  /** The highest version of a record; null where there is none. */
  async #highest(id: string): Promise<number | null> {
    const found = await this.#versions(id);
    return found.get(id) ?? null;
  }

  /**
   * The highest version of every record, or of one. A listing may miss a version that goes while it is made,
   * and the next one too, as it comes: what is older than what was seen before is looked at again.
   */
  async #versions(id?: string): Promise<Map<string, number>> {
    const prefix = id === undefined ? RECORDS : `${RECORDS}${id}.`;
    const found = await this.#listVersions(prefix);
    const seen = id === undefined ? [...this.#seen.keys()] : this.#seen.has(id) ? [id] : [];
    const isMissed = (one: string): boolean => (found.get(one) ?? 0) < (this.#seen.get(one)?.version ?? 0);
    if (seen.some(isMissed)) {
      for (const [one, version] of await this.#listVersions(prefix)) {
        found.set(one, Math.max(version, found.get(one) ?? 0));
      }
      for (const gone of seen.filter(isMissed)) this.#seen.delete(gone);
    }
    return found;
  }

  async #listVersions(prefix: string): Promise<Map<string, number>> {
    const newest = new Map<string, number>();
    for (const key of await this.#objects.list(prefix)) {
      const found = parseRecordKey(key);
      if (found) newest.set(found.id, Math.max(found.version, newest.get(found.id) ?? 0));
    }
    return newest;
  }

  async #load(id: string, version: number): Promise<StoredRecord | null> {
    const key = recordKey(id, version);
    const bytes = await this.#objects.read(key);
    return bytes && decodeRecord(bytes, { id, version, file: this.#objects.name(key) });
  }

  /** The same, and null for a damaged one. */
  async #loadOrNone(id: string, version: number): Promise<StoredRecord | null> {
    try {
      return await this.#load(id, version);
    } catch (cause) {
      this.#reportDamage(cause, recordKey(id, version));
      return null;
    }
  }

  #see(id: string, stored: StoredRecord): void {
    if (stored.version >= (this.#seen.get(id)?.version ?? 0)) this.#seen.set(id, stored);
  }

  /** The write counts already: what cannot be removed now is with the next one. */
  async #tidy(id: string, version: number): Promise<void> {
    try {
      if (version > 1) await this.#removeBelow(id, version);
    } catch (cause) {
      if (!(cause instanceof LocopropError)) throw cause;
      this.#report(cause);
    }
  }

  /** One after the other, the lowest first, which the whole rests on: a failure leaves those above. */
  async #removeBelow(id: string, version: number): Promise<void> {
    for (const key of await this.#objects.list(`${RECORDS}${id}.`)) {
      const found = parseRecordKey(key);
      if (found?.id === id && found.version < version) await this.#objects.remove(key);
    }
  }

  #reportDamage(cause: unknown, key: string): void {
    if (!(cause instanceof LocopropError && cause.code === 'STORE_RECORD_DAMAGED')) throw cause;
    if (this.#damaged.has(key)) return;
    this.#damaged.add(key);
    this.#report(cause);
  }
}

const newWrite = (): string => randomBytes(9).toString('base64url');

const lineageAfter = ({ write, lineage }: StoredRecord): string[] =>
  [write, ...lineage].slice(0, MAX_LINEAGE);

const versioned = (stored: StoredRecord | null): VersionedRecord | null =>
  stored?.record ? { record: stored.record, version: stored.version } : null;
