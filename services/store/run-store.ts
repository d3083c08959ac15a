/**
 * Where one run is kept: named files that are replaced as a whole, and files that grow by lines.
 * Names are relative, with `/` between folders. What a run means (checkpoints, events, metrics)
 * is written once on top of this, whatever keeps the bytes.
 */
export interface RunStore {
  /** The folder or address of the run, for messages. */
  readonly location: string;

  /**
   * Takes the run for this process until `close`, and clears away what a dead one left unfinished. In a
   * bucket it does nothing: a run there has the number of a fence in its place, which one process holds.
   *
   * @throws STORE_LOCKED when a living process has it
   */
  lock(): Promise<void>;

  /** Gives up the lock and every open file, whose lines are kept as far as the process can. */
  close(): Promise<void>;

  /** How messages call a file of the run. */
  path(name: string): string;

  /** @throws STORE_READ_FAILED */
  read(name: string): Promise<Uint8Array>;

  /**
   * Writes a file, durable once the promise resolves; until then, and after a failure, the former
   * one stands. The chunks must not change meanwhile.
   *
   * @throws STORE_WRITE_FAILED
   */
  write(name: string, chunks: Iterable<Uint8Array>): Promise<void>;

  /** Makes `to` the same file as `from` now is, as durably as `write`, in the same folder. */
  copy(from: string, to: string): Promise<void>;

  /** Names of the files in a folder of the run, without the folder's; none where it is missing. */
  list(folder: string): Promise<readonly string[]>;

  /** Removes a file; one that is not there is no failure. */
  remove(name: string): Promise<void>;

  /**
   * Begins a file of bytes with a new name, which others may read while it grows. It is made by its first bytes,
   * and may lose its end with the machine. A bucket is sent all of it at every append: keep it small.
   */
  begin(name: string): ByteFile;

  /** The file of lines with this name, which ends in `.jsonl`, empty where it is missing; needs the lock. */
  lines(name: string): Promise<LineFile>;

  /** The lines of a file, without the lock: none where it is missing, and not an unfinished last one. */
  readLines(name: string): AsyncIterable<string>;

  /** Reads a file of lines that is growing, without the lock, from its start on; it may not be there yet. */
  follow(name: string): LineFollower;
}

/** Reads a file of lines as it grows. One call of `next` at a time. */
export interface LineFollower {
  /**
   * The next whole lines, of at most about 1 MiB; none where there are no more for now. Nothing is read
   * again, unless the file was cut off behind a line that was given: then it goes on from a line before that.
   *
   * @throws STORE_READ_FAILED, and STORE_LOG_DAMAGED for a line of over 16 MiB
   */
  next(): Promise<FollowedLines>;
}

export interface FollowedLines {
  /** Lines before these in the file. Less than were given so far: those after it are void. */
  readonly from: number;
  /** Without line breaks. */
  readonly lines: readonly string[];
}

/** A file of bytes that grows. One call of `append` at a time. */
export interface ByteFile {
  /** So far. */
  readonly bytes: number;

  /**
   * Adds bytes, which must not change later.
   *
   * @throws STORE_WRITE_FAILED; the file cannot be used any more
   */
  append(bytes: Uint8Array): Promise<void>;
}

/** A file that grows by lines. Appends take effect in the order of the calls. */
export interface LineFile {
  /** Lines in the file. */
  readonly count: number;

  /**
   * Adds a line (without line break). In a folder other processes see it once the promise resolves, in a
   * bucket within about a second, or once `sync` has resolved.
   *
   * @throws STORE_WRITE_FAILED; the file then is as before. In a bucket it may be lines before this one that
   * could not be written: they are tried again with the next call.
   */
  append(line: string): Promise<void>;

  /** Keeps the first `count` lines. */
  truncate(count: number): Promise<void>;

  /** Makes every line so far durable. */
  sync(): Promise<void>;
}
