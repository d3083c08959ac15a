/** An entry of the queue: it may start the job whose record names the same ticket. */
export interface QueueEntry {
  readonly id: string;
  readonly ticket: number;
}

export interface QueuedJob extends QueueEntry {
  /** From 0 to 100; higher ones come first, and of the same priority whoever came first. */
  readonly priority: number;
  /** When it was submitted, ISO 8601: the order in which a queue is rebuilt. */
  readonly submittedAt: string;
  /** Not to be given out earlier, ISO 8601. */
  readonly notBefore: string | null;
}

/**
 * Handles an entry that was given out: it has the job until the promise resolves. A rejection is a defect,
 * and is told to `onError`; the entry is gone then, too. Of one job a consumer has one handler at work: the
 * next one, as of an entry that was lost and given out again, begins when that has ended.
 * @param lost aborted once the entry is no longer this process's, as when it was cut off from the queue
 */
export type EntryHandler = (entry: QueueEntry, lost: AbortSignal) => Promise<void>;

export interface ConsumerOptions {
  /** How many entries are in hand at a time. */
  readonly jobs: number;
  readonly handle: EntryHandler;
  /** Told of what goes wrong besides: QUEUE_UNAVAILABLE, an {@link EntryRefused}, a handler that failed. */
  readonly onError: (error: Error) => void;
}

/** The queue answers, but does not do what was asked of an entry: it is gone, or another process's by now. */
export class EntryRefused extends Error {}

/**
 * Who may start which job next. It holds ids only; the records are the truth, and a queue that has lost its
 * entries is filled again from them. Entries are given out at least once: an entry whose holder died is
 * given out again, so whoever gets one looks at the job's record, whose fence lets only one write.
 */
export interface JobQueue {
  /** Where it is, for messages. */
  readonly location: string;

  /** Whether other processes share it: jobs that run elsewhere are then no orphans. */
  readonly shared: boolean;

  /**
   * Adds an entry; one that is there already, waiting or given out, stays as it is.
   * @throws LocopropError QUEUE_UNAVAILABLE
   */
  add(job: QueuedJob): Promise<void>;

  /** Removes an entry that waits; one that was given out stays with its holder. */
  remove(entry: QueueEntry): Promise<void>;

  /** Whether the entry waits or is given out. */
  has(entry: QueueEntry): Promise<boolean>;

  /** The ids of those that wait, in the order in which they will be given out; delayed ones last. */
  waiting(): Promise<readonly string[]>;

  /**
   * Begins to give out entries to this process.
   * @returns ends giving out and waits for the handlers that are at work
   */
  consume(options: ConsumerOptions): Promise<() => Promise<void>>;

  /** Whether the queue answers. @throws LocopropError QUEUE_UNAVAILABLE */
  check(): Promise<void>;

  close(): Promise<void>;
}
