import type { ObjectStore } from './objects/objects.js';
import type { ByteFile } from './run-store.js';

/** A growing file in a bucket, whose objects do not grow: each time it is written whole. */
export class BucketByteFile implements ByteFile {
  readonly #objects: ObjectStore;
  readonly #key: string;
  readonly #chunks: Uint8Array[] = [];
  bytes = 0;

  constructor(objects: ObjectStore, key: string) {
    this.#objects = objects;
    this.#key = key;
  }

  async append(bytes: Uint8Array): Promise<void> {
    this.#chunks.push(bytes);
    this.bytes += bytes.length;
    await this.#objects.write(this.#key, this.#chunks);
  }
}
