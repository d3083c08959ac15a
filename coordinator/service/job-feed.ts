import type { RunEvent } from '../../core/events.js';
import type { JobEvent, JobRecord } from '../../core/job/record.js';
import { hasEnded } from '../../core/job/states.js';
import {
  BEGINNING,
  currentFence,
  parseCursor,
  shared,
  showCursor,
  type FeedPosition,
} from './feed-cursor.js';
import type { FeedItem, JobView, WatchOptions } from './job-service.js';
import type { JobRecords } from './job-records.js';
import type { FollowedLog, LiveLogs } from './live-log.js';

export interface FeedOptions {
  readonly records: JobRecords;
  readonly logs: LiveLogs;
  readonly view: (record: JobRecord) => Promise<JobView>;
}

/** How often the record of a job is looked at that another coordinator runs. */
const PERIOD_MS = 1000;

/**
 * What happens to a job, from a cursor on; ends with the job, or at once where it does not follow.
 * @throws LocopropError JOB_UNKNOWN, CURSOR_INVALID before the first item
 */
export async function openFeed(
  id: string,
  watch: WatchOptions,
  options: FeedOptions,
): Promise<AsyncIterable<FeedItem>> {
  const position = watch.after === null ? BEGINNING : parseCursor(watch.after);
  await options.records.get(id);
  const items = new Feed(id, position, watch, options).items();
  // Who has left does not ask for another item, and only then would the feed let go of what it holds.
  watch.signal.addEventListener('abort', () => void items.return(undefined), { once: true });
  return items;
}

class Feed {
  readonly #id: string;
  readonly #watch: WatchOptions;
  readonly #options: FeedOptions;
  #position: FeedPosition;
  #log: { readonly fence: number; readonly log: FollowedLog } | null = null;
  #shown = '';

  constructor(id: string, position: FeedPosition, watch: WatchOptions, options: FeedOptions) {
    this.#id = id;
    this.#position = position;
    this.#watch = watch;
    this.#options = options;
  }

  async *items(): AsyncGenerator<FeedItem> {
    const { follow, signal } = this.#watch;
    const { records } = this.#options;
    const changes = new Changes(this.#id, records);
    try {
      while (!signal.aborted) {
        const seen = changes.count;
        const record = records.known(this.#id);
        if (!record) return;
        if (await this.#isDone(record)) return;
        yield* this.#news(record);
        if (!follow || (hasEnded(record.state) && changes.count === seen)) return;
        if (changes.count === seen) await this.#wait(changes, record);
      }
    } finally {
      changes.close();
      this.#log?.log.close();
    }
  }

  /** Whether nothing more is to come for somebody who has had all of a job that has ended. */
  async #isDone(record: JobRecord): Promise<boolean> {
    const { fence, event, jobEvent } = this.#position;
    if (this.#watch.after === null || !hasEnded(record.state) || fence !== currentFence(record)) return false;
    if (jobEvent !== (record.history.at(-1)?.number ?? 0)) return false;
    if (fence === 0) return true;
    this.#log ??= { fence, log: this.#options.logs.open(this.#id, fence) };
    return (await this.#log.log.read(event)).length === 0;
  }

  /** What the record and the log have beyond the position. */
  async *#news(record: JobRecord): AsyncGenerator<FeedItem> {
    const job = await this.#options.view(record);
    // The progress of a run is told by its events.
    const shown = JSON.stringify({ ...job, progress: null });
    if (shown !== this.#shown) {
      this.#shown = shown;
      yield { kind: 'job', cursor: this.#cursor, job };
    }
    const history = record.history.filter(({ number }) => number > this.#position.jobEvent);
    const { fence } = this.#position;
    if (fence !== 0 && fence !== currentFence(record)) {
      // What has led to a new take of the job is told before what that takes back of the run.
      const start = history.findLastIndex(({ type }) => type === 'job.started');
      for (const event of history.splice(0, start + 1)) yield this.#ofJob(event);
    }
    yield* this.#rewound(record);
    yield* this.#inTime(history);
  }

  /** Events of the job and of its run in the order in which they happened, as far as clocks agree. */
  async *#inTime(history: readonly JobEvent[]): AsyncGenerator<FeedItem> {
    let next = 0;
    for (const event of await this.#events()) {
      for (; next < history.length && history[next]!.time <= event.time; next += 1)
        yield this.#ofJob(history[next]!);
      this.#position = { ...this.#position, event: event.sequence };
      yield { kind: 'event', cursor: this.#cursor, event };
    }
    for (const event of history.slice(next)) yield this.#ofJob(event);
  }

  #ofJob(event: JobEvent): FeedItem {
    this.#position = { ...this.#position, jobEvent: event.number };
    return { kind: 'job-event', cursor: this.#cursor, event };
  }

  /** Goes on with the newest segment of the run. */
  *#rewound(record: JobRecord): Generator<FeedItem> {
    const fence = currentFence(record);
    if (fence === 0 || this.#log?.fence === fence) return;
    this.#log?.log.close();
    this.#log = { fence, log: this.#options.logs.open(this.#id, fence) };
    if (this.#position.fence === fence) return;
    const last = shared(record, this.#position);
    const rewinds = last < this.#position.event;
    this.#position = { ...this.#position, fence, event: last };
    if (rewinds) yield { kind: 'rewind', cursor: this.#cursor, last };
  }

  async #events(): Promise<readonly RunEvent[]> {
    return this.#log ? this.#log.log.read(this.#position.event) : [];
  }

  /** Until the record or the log may have changed. */
  async #wait(changes: Changes, record: JobRecord): Promise<void> {
    const done = new AbortController();
    const signal = AbortSignal.any([this.#watch.signal, done.signal]);
    try {
      const log =
        this.#log && record.state !== 'queued' ? [this.#log.log.changed(this.#position.event, signal)] : [];
      await Promise.race([changes.next(signal), ...log]);
    } finally {
      done.abort();
    }
  }

  get #cursor(): string {
    return showCursor(this.#position);
  }
}

/** Counts the changes of a record, those of other coordinators too. */
class Changes {
  count = 0;
  readonly #unsubscribe: () => void;
  readonly #timer: NodeJS.Timeout;
  #wake: () => void = () => undefined;

  constructor(id: string, records: JobRecords) {
    this.#unsubscribe = records.subscribe((_, changed) => {
      if (changed !== id) return;
      this.count += 1;
      this.#wake();
    });
    this.#timer = setInterval(() => {
      // What others have written is found by the list that all share; that it fails is told elsewhere.
      records.all().catch(() => undefined);
      this.#wake();
    }, PERIOD_MS);
  }

  next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#wake = done;
      if (signal.aborted) done();
      else signal.addEventListener('abort', done);
    });
  }

  close(): void {
    clearInterval(this.#timer);
    this.#unsubscribe();
    this.#wake();
  }
}
