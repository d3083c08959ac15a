import { LocopropError } from '../../core/errors/error.js';
import type { RunEvent, RunEventBody } from '../../core/events.js';
import type { LineFile, RunStore } from './run-store.js';
import { Serial } from './serial.js';

/** Name of the log within a run. */
export const EVENTS_FILE = 'events.jsonl';

/** Is given every event once it is in the log. It must not wait for an `emit` of its own. */
export type RunSubscriber = (event: RunEvent) => void | Promise<void>;

/**
 * Everything that happens in a run: each event is stamped, appended to `events.jsonl`, and then
 * handed to the subscribers, in the order of the calls. Event n is line n of the log.
 */
export class RunEvents {
  readonly #lines: LineFile;
  readonly #path: string;
  readonly #clock: () => Date;
  readonly #serial = new Serial();
  readonly #subscribers = new Set<RunSubscriber>();

  private constructor(lines: LineFile, path: string, clock: () => Date) {
    this.#lines = lines;
    this.#path = path;
    this.#clock = clock;
  }

  /** @throws STORE_WRITE_FAILED when the log cannot be opened for appending */
  static async open(store: RunStore, clock: () => Date): Promise<RunEvents> {
    return new RunEvents(await store.lines(EVENTS_FILE), store.path(EVENTS_FILE), clock);
  }

  /** Number of the last event in the log, 0 before the first. */
  get last(): number {
    return this.#lines.count;
  }

  /** @returns what ends the subscription */
  subscribe(subscriber: RunSubscriber): () => void {
    this.#subscribers.add(subscriber);
    return () => this.#subscribers.delete(subscriber);
  }

  /**
   * @returns the event as it stands in the log, once the subscribers have it
   * @throws STORE_WRITE_FAILED, or what a subscriber throws
   */
  emit(body: RunEventBody): Promise<RunEvent> {
    const time = this.#clock().toISOString();
    return this.#serial.run(async () => {
      const event: RunEvent = { sequence: this.last + 1, time, ...body };
      await this.#lines.append(JSON.stringify(event));
      for (const subscriber of this.#subscribers) await subscriber(event);
      return event;
    });
  }

  /**
   * Drops the events after number `sequence`.
   *
   * @throws STORE_LOG_DAMAGED when the log ends before it
   */
  truncateTo(sequence: number): Promise<void> {
    return this.#serial.run(async () => {
      if (sequence > this.last) {
        const reason = `the log ends before event ${sequence}`;
        throw new LocopropError('STORE_LOG_DAMAGED', { file: this.#path, line: this.last + 1, reason });
      }
      await this.#lines.truncate(sequence);
    });
  }

  /** Makes every event so far durable. */
  sync(): Promise<void> {
    return this.#lines.sync();
  }
}

/**
 * The events in a run's log, without an unfinished last one.
 *
 * @throws STORE_LOG_DAMAGED at a line that is not the event of its number
 */
export async function* readEvents(store: RunStore): AsyncGenerator<RunEvent> {
  let line = 0;
  for await (const text of store.readLines(EVENTS_FILE)) {
    line += 1;
    yield parseEvent(text, line, store.path(EVENTS_FILE));
  }
}

/** An event of a log from its line. @throws LocopropError STORE_LOG_DAMAGED */
export function parseEvent(text: string, line: number, file: string): RunEvent {
  const damaged = (reason: string, cause?: unknown): LocopropError =>
    new LocopropError('STORE_LOG_DAMAGED', { file, line, reason }, { cause });
  let event: Partial<RunEvent> | null;
  try {
    event = JSON.parse(text) as Partial<RunEvent> | null;
  } catch (cause) {
    throw damaged('it is not JSON', cause);
  }
  if (event?.sequence !== line || typeof event.type !== 'string') throw damaged(`it is not event ${line}`);
  return event as RunEvent;
}
