import { LocopropError } from '../../core/errors/error.js';
import { BucketByteFile } from './bucket-byte-file.js';
import { BucketLineFile, fileOfSegment, growingBucketFile } from './bucket-line-file.js';
import { GrowingFileReader, linesOf } from './follow.js';
import type { ObjectStore } from './objects/objects.js';
import type { ByteFile, LineFile, LineFollower, RunStore } from './run-store.js';

/** A run in a bucket: whole files are objects, and files of lines are segments (see BucketLineFile). */
export class BucketRunStore implements RunStore {
  readonly location: string;
  readonly #objects: ObjectStore;
  /** Ends in `/`. */
  readonly #folder: string;
  readonly #lineFiles = new Map<string, Promise<BucketLineFile>>();

  constructor(objects: ObjectStore, folder: string) {
    this.#objects = objects;
    this.#folder = folder;
    this.location = objects.name(folder);
  }

  /** There is nothing to take: whoever holds the fence in the folder's name is alone in it. */
  lock(): Promise<void> {
    return Promise.resolve();
  }

  async close(): Promise<void> {
    const files = [...this.#lineFiles.values()];
    this.#lineFiles.clear();
    const closed = await Promise.allSettled(files.map(async (file) => (await file).close()));
    for (const result of closed) if (result.status === 'rejected') throw result.reason;
  }

  path(name: string): string {
    return this.#objects.name(this.#key(name));
  }

  async read(name: string): Promise<Uint8Array> {
    const bytes = await this.#objects.read(this.#key(name));
    if (bytes) return bytes;
    throw new LocopropError('STORE_READ_FAILED', {
      file: this.path(name),
      reason: 'there is no such object',
    });
  }

  write(name: string, chunks: Iterable<Uint8Array>): Promise<void> {
    return this.#objects.write(this.#key(name), chunks);
  }

  async copy(from: string, to: string): Promise<void> {
    if (await this.#objects.copy(this.#key(from), this.#key(to))) return;
    const reason = `there is no ${this.path(from)}`;
    throw new LocopropError('STORE_WRITE_FAILED', { file: this.path(to), reason });
  }

  async list(folder: string): Promise<readonly string[]> {
    const prefix = folder === '.' ? this.#folder : this.#key(`${folder}/`);
    const keys = await this.#objects.list(prefix);
    const names = new Set(keys.map((key) => (fileOfSegment(key) ?? key).slice(prefix.length)));
    return [...names].filter((name) => !name.includes('/'));
  }

  remove(name: string): Promise<void> {
    return this.#objects.remove(this.#key(name));
  }

  begin(name: string): ByteFile {
    return new BucketByteFile(this.#objects, this.#key(name));
  }

  lines(name: string): Promise<LineFile> {
    const opened = this.#lineFiles.get(name) ?? BucketLineFile.open(this.#objects, this.#key(name));
    this.#lineFiles.set(name, opened);
    return opened;
  }

  readLines(name: string): AsyncIterable<string> {
    return linesOf(growingBucketFile(this.#objects, this.#key(name)));
  }

  follow(name: string): LineFollower {
    return new GrowingFileReader(growingBucketFile(this.#objects, this.#key(name)));
  }

  readonly #key = (name: string): string => `${this.#folder}${name}`;
}
