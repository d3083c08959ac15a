/**
 * Where one run is kept: named files that are replaced as a whole, and files that grow by lines.
 * Names are relative, with `/` between folders. What a run means (checkpoints, events, metrics)
 * is written once on top of this, whatever keeps the bytes.
 */
export interface RunStore {
  /** The folder or address of the run, for messages. */
  readonly location: string;

  /**
   * Takes the run for this process until `close`, and clears away what a dead one left unfinished.
   *
   * @throws STORE_LOCKED when a living process has it
   */
  lock(): Promise<void>;

  /** Gives up the lock and every open file. */
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

  /** The file of lines with this name, empty where it is missing; needs the lock. */
  lines(name: string): Promise<LineFile>;

  /** The lines of a file, without the lock: none where it is missing, and not an unfinished last one. */
  readLines(name: string): AsyncIterable<string>;
}

/** A file that grows by lines. Appends take effect in the order of the calls. */
export interface LineFile {
  /** Lines in the file. */
  readonly count: number;

  /**
   * Adds a line (without line break), visible to other processes once the promise resolves.
   *
   * @throws STORE_WRITE_FAILED; the file then is as before
   */
  append(line: string): Promise<void>;

  /** Keeps the first `count` lines. */
  truncate(count: number): Promise<void>;

  /** Makes every line so far durable. */
  sync(): Promise<void>;
}
