import type * as S3 from '@aws-sdk/client-s3';
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { eachOf } from '../each-of.js';
import type { ObjectStore, StoredObject } from './objects.js';
import { readThrough } from '../read-through.js';
import { bytesOf } from './s3-body.js';
import { COPY_BYTES, copyObject } from './s3-copy.js';
import { isBehindEnd, isConflict, isMissing, isTaken, s3Failed } from './s3-failure.js';
import { putObject } from './s3-parts.js';

type Sdk = typeof S3;

export interface S3Place {
  readonly bucket: string;
  /** Empty, or ends in `/`. */
  readonly prefix: string;
  /** Folder of this machine for what is on its way. */
  readonly staging: string;
  /** Whether that folder goes when the store is closed. */
  readonly isTemporary: boolean;
  /** What one request copies at most, 5 MiB or more. @default 1 GiB */
  readonly copyBytes?: number;
}

const CREATE_ATTEMPTS = 10;
const READ_ATTEMPTS = 3;
const MAX_PAUSE_MS = 100;
const READ_BYTES = 1 << 20;

/** Objects in a bucket of S3, or of a server that speaks as it does and knows `If-None-Match: *`. */
export class S3Objects implements ObjectStore {
  readonly location: string;
  readonly staging: string;
  readonly #sdk: Sdk;
  readonly #client: S3.S3Client;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #temporary: string | null;
  readonly #copyBytes: number;

  /** The package is imported by who makes this, only where a bucket is asked for. */
  constructor(
    sdk: Sdk,
    client: S3.S3Client,
    { bucket, prefix, staging, isTemporary, copyBytes = COPY_BYTES }: S3Place,
  ) {
    this.#sdk = sdk;
    this.#client = client;
    this.#bucket = bucket;
    this.#prefix = prefix;
    this.staging = join(staging, 'uploads');
    this.#temporary = isTemporary ? staging : null;
    this.#copyBytes = copyBytes;
    this.location = `s3://${bucket}/${prefix}`;
  }

  name(key: string): string {
    return `${this.location}${key}`;
  }

  localPath(): null {
    return null;
  }

  async read(key: string, start = 0, limit = Infinity): Promise<Uint8Array | null> {
    if (limit <= 0) return new Uint8Array();
    for (let attempt = 1; ; attempt += 1) {
      const body = await this.#get(key, start, start + limit - 1);
      if (body === null) return null;
      try {
        const chunks: Uint8Array[] = [];
        for await (const chunk of bytesOf(body)) chunks.push(chunk);
        return Buffer.concat(chunks);
      } catch (cause) {
        // The client tries requests again, but not answers that break off.
        if (attempt === READ_ATTEMPTS) throw this.#failed('STORE_READ_FAILED', key, cause);
      }
    }
  }

  async open(key: string, start: number): Promise<Readable | null> {
    const body = await this.#get(key, start, Infinity);
    return body && readThrough(body, bytesOf(body));
  }

  async create(key: string, bytes: Uint8Array): Promise<boolean> {
    const request = { ...this.#at(key), Body: bytes, IfNoneMatch: '*' };
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#client.send(new this.#sdk.PutObjectCommand(request));
        return true;
      } catch (cause) {
        if (isTaken(cause)) return false;
        if (!isConflict(cause) || attempt === CREATE_ATTEMPTS) {
          throw this.#failed('STORE_WRITE_FAILED', key, cause);
        }
        await setTimeout(Math.random() * MAX_PAUSE_MS * attempt);
      }
    }
  }

  write(key: string, chunks: Iterable<Uint8Array>): Promise<void> {
    return this.#writing(key, () => this.#put(key, chunks));
  }

  async take(file: string, key: string): Promise<void> {
    await this.#writing(key, () => this.#put(key, createReadStream(file, { highWaterMark: READ_BYTES })));
    await rm(file, { force: true });
  }

  async list(prefix: string): Promise<string[]> {
    return (await this.sizes(prefix)).map(({ key }) => key);
  }

  async sizes(prefix: string): Promise<StoredObject[]> {
    const found: StoredObject[] = [];
    let ContinuationToken: string | undefined;
    try {
      do {
        const request = { Bucket: this.#bucket, Prefix: `${this.#prefix}${prefix}`, ContinuationToken };
        const page = await this.#client.send(new this.#sdk.ListObjectsV2Command(request));
        for (const { Key = '', Size = 0 } of page.Contents ?? []) {
          found.push({ key: Key.slice(this.#prefix.length), bytes: Size });
        }
        ContinuationToken = page.NextContinuationToken;
      } while (ContinuationToken !== undefined);
    } catch (cause) {
      throw this.#failed('STORE_READ_FAILED', prefix, cause);
    }
    return found;
  }

  async copy(from: string, to: string): Promise<boolean> {
    const places = { bucket: this.#bucket, from: `${this.#prefix}${from}`, to: `${this.#prefix}${to}` };
    try {
      await copyObject(this.#sdk, this.#client, places, this.#copyBytes);
      return true;
    } catch (cause) {
      if (isMissing(cause)) return false;
      throw this.#failed('STORE_WRITE_FAILED', to, cause);
    }
  }

  /** An object of a bucket does not grow. */
  copyGrowing(from: string, to: string): Promise<boolean> {
    return this.copy(from, to);
  }

  remove(key: string): Promise<void> {
    return this.#writing(key, async () => {
      await this.#client.send(new this.#sdk.DeleteObjectCommand(this.#at(key)));
    });
  }

  async removeAll(folder: string): Promise<void> {
    await eachOf(await this.list(folder), (key) => this.remove(key));
  }

  /** A bucket is for coordinators that share a queue, which itself gives each job to one of them. */
  lock(): Promise<void> {
    return Promise.resolve();
  }

  async check(): Promise<void> {
    try {
      const request = { Bucket: this.#bucket, Prefix: this.#prefix, MaxKeys: 1 };
      await this.#client.send(new this.#sdk.ListObjectsV2Command(request));
    } catch (cause) {
      throw s3Failed('STORE_READ_FAILED', { location: this.location, file: this.location }, cause);
    }
  }

  async close(): Promise<void> {
    this.#client.destroy();
    if (this.#temporary !== null) await rm(this.#temporary, { recursive: true, force: true });
  }

  readonly #at = (key: string) => ({ Bucket: this.#bucket, Key: `${this.#prefix}${key}` });

  #put(key: string, content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
    return putObject(
      this.#sdk,
      this.#client,
      { bucket: this.#bucket, key: `${this.#prefix}${key}` },
      content,
    );
  }

  /** Both ends of the range belong to it. */
  async #get(key: string, first: number, last: number): Promise<Readable | null> {
    const whole = first === 0 && last === Infinity;
    const Range = `bytes=${first}-${last === Infinity ? '' : last}`;
    try {
      const request = { ...this.#at(key), ...(!whole && { Range }) };
      const { Body } = await this.#client.send(new this.#sdk.GetObjectCommand(request));
      return Body instanceof Readable ? Body : Readable.from([]);
    } catch (cause) {
      if (isMissing(cause)) return null;
      if (isBehindEnd(cause)) return Readable.from([]);
      throw this.#failed('STORE_READ_FAILED', key, cause);
    }
  }

  async #writing(key: string, task: () => Promise<void>): Promise<void> {
    try {
      await task();
    } catch (cause) {
      throw this.#failed('STORE_WRITE_FAILED', key, cause);
    }
  }

  #failed(code: 'STORE_READ_FAILED' | 'STORE_WRITE_FAILED', key: string, cause: unknown): Error {
    return s3Failed(code, { location: this.location, file: this.name(key) }, cause);
  }
}
