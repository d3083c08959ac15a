import type { JobRecord } from '#core/job/record.js';
import { checkWrite, type Writer } from './job-rules.js';

/** A record as an actor has read it. */
export interface Seen {
  readonly record: JobRecord;
  readonly version: number;
}

/** A store of one record that compares and sets, and a queue of its tickets; both without failures of their own. */
export class World {
  /** Every version there was, oldest first. */
  readonly versions: JobRecord[];
  /** Tickets that wait in the queue, oldest first. */
  readonly waiting: number[];
  /** Who was given which entry. */
  readonly givenOut = new Map<string, number>();
  /** Writes that were refused, as another had come first. */
  refusals = 0;
  private seconds = 0;

  constructor(first: JobRecord) {
    this.versions = [frozen(first)];
    this.waiting = [first.ticket];
  }

  /** A time of its own for each event. */
  now(): Date {
    return new Date(Date.UTC(2026, 0, 1) + ++this.seconds * 1000);
  }

  read(): Seen {
    return { record: this.versions.at(-1)!, version: this.versions.length };
  }

  /** @returns whether it was written; fails where it breaks a rule */
  replace(record: JobRecord, version: number, writer: Writer): boolean {
    if (version !== this.versions.length) {
      this.refusals++;
      return false;
    }
    checkWrite(this.versions, record, writer);
    this.versions.push(frozen(record));
    return true;
  }

  enqueue(ticket: number): void {
    if (!this.has(ticket)) this.waiting.push(ticket);
  }

  has(ticket: number): boolean {
    return this.waiting.includes(ticket) || [...this.givenOut.values()].includes(ticket);
  }

  dequeue(ticket: number): void {
    const index = this.waiting.indexOf(ticket);
    if (index >= 0) this.waiting.splice(index, 1);
  }

  giveOut(actor: string): number | null {
    const ticket = this.waiting.shift();
    if (ticket === undefined) return null;
    this.givenOut.set(actor, ticket);
    return ticket;
  }

  /** The queue no longer hears of an actor: what it had waits again. */
  lose(actor: string): void {
    const ticket = this.givenOut.get(actor);
    this.givenOut.delete(actor);
    if (ticket !== undefined) this.waiting.unshift(ticket);
  }

  /** All entries vanish. */
  flush(): void {
    this.waiting.splice(0);
    this.givenOut.clear();
  }
}

/** Moves make new records; one that changed the old one would fail. */
function frozen(record: JobRecord): JobRecord {
  Object.freeze(record.history);
  return Object.freeze(record);
}
