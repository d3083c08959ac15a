import { LocopropError } from '../../core/errors/error.js';
import type { FollowedLines, LineFollower } from './run-store.js';

/** A longer line is none of ours; it is refused before it fills the memory. */
const MAX_LINE_BYTES = 1 << 24;

const LINE_BREAK = 0x0a;
/** Read at a time. */
const READ_BYTES = 1 << 20;
/** What stood before a place is compared when it is read on from there: lines have times and numbers in them. */
const COMPARED_BYTES = 64;
/** So far apart are the places to which a reader goes back when a file was cut off. */
const ANCHOR_BYTES = 1 << 16;

/** A file of lines in one or more parts; the number of a part's first line, from 1, is its name. */
export interface GrowingFile {
  /** For messages. */
  readonly name: string;
  /** A part of so many bytes is followed by another one. */
  readonly partBytes: number;
  /** The bytes of a part from `start` on, at most `limit`; null where it is missing. */
  read(part: number, start: number, limit: number): Promise<Uint8Array | null>;
}

interface Place {
  readonly part: number;
  readonly offset: number;
  /** Lines before it, in the whole file. */
  readonly count: number;
  /** The last bytes before it, of the same part. */
  readonly before: Uint8Array;
}

const START: Place = { part: 1, offset: 0, count: 0, before: new Uint8Array() };

/** Reads a file from its start to its end and then what is added, and nothing twice unless it was cut off. */
export class GrowingFileReader implements LineFollower {
  readonly #file: GrowingFile;
  readonly #anchors: Place[] = [];
  #place = START;

  constructor(file: GrowingFile) {
    this.#file = file;
  }

  async next(): Promise<FollowedLines> {
    let found = await this.#readOn();
    while (!found && this.#place !== START) {
      this.#place = this.#anchors.pop() ?? START;
      found = await this.#readOn();
    }
    let bytes = found ?? new Uint8Array();
    if (bytes.length === 0 && this.#place.offset >= this.#file.partBytes) {
      const part = this.#place.count + 1;
      const next = await this.#file.read(part, 0, READ_BYTES);
      if (next && next.length > 0) {
        this.#anchors.push(this.#place);
        this.#place = { ...START, part, count: this.#place.count };
        bytes = next;
      }
    }
    return this.#take(await this.#untilLineBreak(bytes));
  }

  /** What stands behind the place; null where that is not what it was. */
  async #readOn(): Promise<Uint8Array | null> {
    const { part, offset, before } = this.#place;
    const start = offset - before.length;
    const bytes = await this.#file.read(part, start, before.length + READ_BYTES);
    if (!bytes || Buffer.compare(bytes.subarray(0, before.length), before) !== 0) return null;
    return bytes.subarray(before.length);
  }

  /** Reads more where a line is longer than what was read at once. */
  async #untilLineBreak(bytes: Uint8Array): Promise<Uint8Array> {
    let found = bytes;
    for (let limit = READ_BYTES; found.length === limit && !found.includes(LINE_BREAK);) {
      if (limit >= MAX_LINE_BYTES) {
        const reason = `it is longer than ${MAX_LINE_BYTES} bytes`;
        const { name: file } = this.#file;
        throw new LocopropError('STORE_LOG_DAMAGED', { file, line: this.#place.count + 1, reason });
      }
      limit *= 2;
      found = (await this.#file.read(this.#place.part, this.#place.offset, limit)) ?? new Uint8Array();
    }
    return found;
  }

  #take(bytes: Uint8Array): FollowedLines {
    const place = this.#place;
    const end = bytes.lastIndexOf(LINE_BREAK) + 1;
    if (end === 0) return { from: place.count, lines: [] };
    const whole = Buffer.from(bytes.buffer, bytes.byteOffset, end);
    const lines: string[] = [];
    this.#anchor(place);
    for (let begin = 0; begin < end;) {
      const stop = end - begin > ANCHOR_BYTES ? whole.indexOf(LINE_BREAK, begin + ANCHOR_BYTES - 1) + 1 : end;
      lines.push(...whole.toString('utf8', begin, stop - 1).split('\n'));
      this.#place = {
        part: place.part,
        offset: place.offset + stop,
        count: place.count + lines.length,
        before: Uint8Array.from(whole.subarray(Math.max(0, stop - COMPARED_BYTES), stop)),
      };
      if (stop < end) this.#anchor(this.#place);
      begin = stop;
    }
    return { from: place.count, lines };
  }

  /** Of the start of a part nothing is known but its number, which another one may get: it is none. */
  #anchor(place: Place): void {
    const last = this.#anchors.at(-1);
    const isFar = last?.part !== place.part || place.offset - last.offset >= ANCHOR_BYTES;
    if (isFar && place.before.length > 0) this.#anchors.push(place);
  }
}

/** All lines that a file now has. */
export async function* linesOf(file: GrowingFile): AsyncGenerator<string> {
  const reader = new GrowingFileReader(file);
  for (;;) {
    const { lines } = await reader.next();
    if (lines.length === 0) return;
    yield* lines;
  }
}
