import type { GrowingFile } from './follow.js';
import type { ObjectStore } from './objects/objects.js';
import type { LineFile } from './run-store.js';
import { Serial } from './serial.js';

/** A segment of so many bytes is not written again: the next line begins another one. */
const SEGMENT_BYTES = 1 << 18;
const FLUSH_MS = 1000;
const LINE_BREAK = 0x0a;
const NUMBER_DIGITS = 10;

/** The key of the segment of a file whose first line has this number, from 1. */
const segmentKey = (file: string, first: number): string =>
  `${file}/${String(first).padStart(NUMBER_DIGITS, '0')}`;

/** The file that a key is a segment of; null where it is a whole object. */
export const fileOfSegment = (key: string): string | null => /^(.+\.jsonl)\/\d{10}$/.exec(key)?.[1] ?? null;

const firstOf = (key: string): number => Number(key.slice(-NUMBER_DIGITS));

/**
 * A file of lines in a bucket, whose objects do not grow: its lines lie in segments, and the last of them is
 * written anew, with what has come, every second and when it is full. A segment is named by the number of
 * its first line, so that whoever has read one to its end knows where to go on.
 */
export class BucketLineFile implements LineFile {
  readonly #objects: ObjectStore;
  readonly #file: string;
  /** Order of the appends, and of all that writes. */
  readonly #order = new Serial();
  readonly #writes = new Serial();
  /** Number of the first line of the last segment, and the segment's lines. */
  #first = 1;
  #lines: Uint8Array[] = [];
  #bytes = 0;
  /** Lines of the last segment that are in the bucket. */
  #written = 0;
  #timer: NodeJS.Timeout | null = null;
  #failure: unknown = null;

  private constructor(objects: ObjectStore, file: string) {
    this.#objects = objects;
    this.#file = file;
  }

  static async open(objects: ObjectStore, file: string): Promise<BucketLineFile> {
    const lines = new BucketLineFile(objects, file);
    const last = (await objects.list(`${file}/`)).at(-1);
    if (last !== undefined) await lines.#load(firstOf(last), Infinity);
    return lines;
  }

  get count(): number {
    return this.#first - 1 + this.#lines.length;
  }

  append(line: string): Promise<void> {
    return this.#order.run(async () => {
      if (this.#failure !== null || this.#bytes >= SEGMENT_BYTES) await this.#flush();
      const bytes = Buffer.from(`${line}\n`);
      this.#lines.push(bytes);
      this.#bytes += bytes.length;
      this.#timer ??= setTimeout(this.#flushLater, FLUSH_MS);
    });
  }

  truncate(count: number): Promise<void> {
    return this.#order.run(() => this.#writes.run(() => this.#cut(count)));
  }

  sync(): Promise<void> {
    return this.#order.run(() => this.#flush());
  }

  async close(): Promise<void> {
    try {
      await this.sync();
    } finally {
      this.#stopTimer();
    }
  }

  readonly #flushLater = (): void => {
    this.#timer = null;
    // The next append or sync tries again, and tells of it where it fails too.
    this.#flush().catch((cause: unknown) => (this.#failure = cause));
  };

  #stopTimer(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #flush(): Promise<void> {
    return this.#writes.run(async () => {
      this.#stopTimer();
      const lines = this.#lines.slice();
      if (lines.length > this.#written) {
        await this.#objects.write(segmentKey(this.#file, this.#first), [Buffer.concat(lines)]);
        this.#written = lines.length;
      }
      this.#failure = null;
      const bytes = sizeOf(lines);
      if (bytes < SEGMENT_BYTES) return;
      this.#first += lines.length;
      this.#lines.splice(0, lines.length);
      this.#bytes -= bytes;
      this.#written = 0;
    });
  }

  /** The later segments go first, so that a process that dies here leaves a file without a hole. */
  async #cut(count: number): Promise<void> {
    if (count >= this.count) return;
    if (count < this.#first - 1) {
      const keys = await this.#objects.list(`${this.#file}/`);
      for (const key of keys.toReversed()) {
        if (firstOf(key) > count && firstOf(key) > 1) await this.#objects.remove(key);
      }
      const first = Math.max(1, ...keys.map(firstOf).filter((number) => number <= count));
      await this.#load(first, count - first + 1);
    } else {
      this.#lines.length = count - this.#first + 1;
      this.#bytes = sizeOf(this.#lines);
    }
    if (this.#written <= this.#lines.length) return;
    const key = segmentKey(this.#file, this.#first);
    if (this.#lines.length === 0) await this.#objects.remove(key);
    else await this.#objects.write(key, [Buffer.concat(this.#lines)]);
    this.#written = this.#lines.length;
  }

  /** Goes on from a segment of the bucket, with at most so many of its lines. */
  async #load(first: number, count: number): Promise<void> {
    const bytes = (await this.#objects.read(segmentKey(this.#file, first))) ?? new Uint8Array();
    const lines = [...linesIn(bytes)];
    this.#first = first;
    this.#lines = lines.slice(0, count);
    this.#bytes = sizeOf(this.#lines);
    this.#written = lines.length;
  }
}

/** A file of lines to read while it grows. */
export const growingBucketFile = (objects: ObjectStore, file: string): GrowingFile => ({
  name: objects.name(file),
  partBytes: SEGMENT_BYTES,
  read: (part, start, limit) => objects.read(segmentKey(file, part), start, limit),
});

const sizeOf = (lines: readonly Uint8Array[]): number => lines.reduce((sum, { length }) => sum + length, 0);

/** The lines of a segment, with their line breaks. */
function* linesIn(bytes: Uint8Array): Generator<Uint8Array> {
  let begin = 0;
  for (let end = bytes.indexOf(LINE_BREAK); end >= 0; end = bytes.indexOf(LINE_BREAK, begin)) {
    yield bytes.subarray(begin, end + 1);
    begin = end + 1;
  }
}
