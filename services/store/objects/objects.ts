import type { Readable } from 'node:stream';
import type { Sharing } from '../folder-lock.js';

export interface StoredObject {
  readonly key: string;
  readonly bytes: number;
}

/**
 * Where a job store keeps its bytes: objects that are written whole, in a folder or a bucket. What the
 * objects mean is written once on top of this. Keys are relative paths with `/` between their parts, made
 * by this program: what clients say is checked before it becomes part of one.
 *
 * All methods throw STORE_UNAVAILABLE, STORE_READ_FAILED or STORE_WRITE_FAILED where the store itself fails.
 * A write is durable once its promise resolves; until then the former object stands.
 */
export interface ObjectStore {
  /** The folder or bucket, for messages. */
  readonly location: string;
  /** A folder of this machine for files that are not whole yet, under temporary names. */
  readonly staging: string;

  /** How messages call an object. */
  name(key: string): string;

  /** The object's bytes from `start` on, at most `limit`; null where it is missing. */
  read(key: string, start?: number, limit?: number): Promise<Uint8Array | null>;

  /** Streams the object's bytes from `start` on; null where it is missing. */
  open(key: string, start: number): Promise<Readable | null>;

  /** Writes an object that is not there yet: of several that do so at once one is told true. */
  create(key: string, bytes: Uint8Array): Promise<boolean>;

  /** Writes an object, or replaces it. The chunks must not change meanwhile. */
  write(key: string, chunks: Iterable<Uint8Array>): Promise<void>;

  /** Makes an object of a file in {@link staging}, which is gone then. */
  take(file: string, key: string): Promise<void>;

  /** The path of the object as a file of this machine; null where the store is elsewhere. */
  localPath(key: string): string | null;

  /**
   * The keys with this beginning, in their order. An object that comes or goes meanwhile may or may not be
   * among them; one that is there all the time is.
   */
  list(prefix: string): Promise<string[]>;

  /** The same with their sizes. */
  sizes(prefix: string): Promise<StoredObject[]>;

  /** Copies an object that is only ever replaced as a whole; false where it is missing. */
  copy(from: string, to: string): Promise<boolean>;

  /** Copies an object that may be growing meanwhile, and may end up cut off; false where it is missing. */
  copyGrowing(from: string, to: string): Promise<boolean>;

  /** Removes an object; one that is not there is no failure. */
  remove(key: string): Promise<void>;

  /** Removes all objects below a key that ends in `/`. */
  removeAll(folder: string): Promise<void>;

  /** Takes the store, as `JobStore.lock` promises. */
  lock(sharing: Sharing): Promise<void>;

  /** @throws LocopropError STORE_UNAVAILABLE */
  check(): Promise<void>;

  close(): Promise<void>;
}
