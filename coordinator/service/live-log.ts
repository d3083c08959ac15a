import type { RunEvent } from '../../core/events.js';
import type { JobStore } from '../../services/store/job-store.js';
import { EVENTS_FILE, parseEvent } from '../../services/store/run-events.js';
import type { LineFollower } from '../../services/store/run-store.js';

/** How often a log is looked at that somebody else writes. */
const PERIOD_MS = 500;

/** The log of a run that is being written, read once for all who follow it. */
class LiveLog {
  readonly events: RunEvent[] = [];
  readonly #follower: LineFollower;
  readonly #path: string;
  readonly #waiting = new Set<() => void>();
  #timer: NodeJS.Timeout | null = null;
  #reading: Promise<void> | null = null;
  #again = false;
  #failure: Error | null = null;
  followers = 0;

  constructor(follower: LineFollower, path: string) {
    this.#follower = follower;
    this.#path = path;
  }

  /** Reads what has come; the next look follows at once where something comes meanwhile. */
  read(): Promise<void> {
    if (this.#reading) {
      this.#again = true;
      return this.#reading;
    }
    this.#reading = this.#readAll().finally(() => (this.#reading = null));
    return this.#reading;
  }

  async #readAll(): Promise<void> {
    let changed = false;
    do {
      this.#again = false;
      const { from, lines } = await this.#follower.next();
      changed ||= lines.length > 0 || from < this.events.length;
      this.events.length = Math.min(this.events.length, from);
      for (const line of lines) this.events.push(parseEvent(line, this.events.length + 1, this.#path));
      this.#again ||= lines.length > 0;
    } while (this.#again);
    // Whoever is told looks, and that is a read too: where nothing came, they would wake each other for ever.
    if (changed) this.#tell();
    this.#failure = null;
  }

  /** Resolves once the log has more than so many events, or others. */
  changed(seen: number, signal: AbortSignal): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    return new Promise((resolve) => {
      const done = (): void => {
        signal.removeEventListener('abort', done);
        this.#waiting.delete(done);
        resolve();
      };
      if (signal.aborted || this.events.length > seen) {
        resolve();
        return;
      }
      signal.addEventListener('abort', done);
      this.#waiting.add(done);
      this.#timer ??= setInterval(() => this.wake(), PERIOD_MS);
    });
  }

  wake(): void {
    this.read().catch((error: unknown) => {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      this.#tell();
    });
  }

  #tell(): void {
    for (const done of [...this.#waiting]) done();
  }

  close(): void {
    if (this.#timer) clearInterval(this.#timer);
  }
}

/** The logs that are followed at the moment. */
export class LiveLogs {
  readonly #store: JobStore;
  readonly #logs = new Map<string, LiveLog>();

  constructor(store: JobStore) {
    this.#store = store;
  }

  /** Tells those who follow a run that its log has grown. */
  wake(job: string, fence: number): void {
    this.#logs.get(`${job} ${fence}`)?.wake();
  }

  /** Follows the log of a run until `close`. */
  open(job: string, fence: number): FollowedLog {
    const key = `${job} ${fence}`;
    let log = this.#logs.get(key);
    if (!log) {
      const run = this.#store.run(job, fence);
      log = new LiveLog(run.follow(EVENTS_FILE), run.path(EVENTS_FILE));
      this.#logs.set(key, log);
    }
    const own = log;
    own.followers += 1;
    return {
      read: async (after) => {
        await own.read();
        return own.events.slice(after);
      },
      changed: (seen, signal) => own.changed(seen, signal),
      close: () => {
        own.followers -= 1;
        if (own.followers > 0) return;
        this.#logs.delete(key);
        own.close();
      },
    };
  }
}

export interface FollowedLog {
  /** The events after number `after`. @throws STORE_LOG_DAMAGED */
  read(after: number): Promise<readonly RunEvent[]>;
  /** Resolves once there are other than so many events. */
  changed(seen: number, signal: AbortSignal): Promise<void>;
  close(): void;
}
