import type { RunEvent } from '../../core/events.js';
import type { JobEvent } from '../../core/job/record.js';
import type { LineLevel } from '../../core/log-level.js';
import type { LineEntry } from './lines/entry.js';
import { lineTable, type LineGroup } from './lines/table.js';
import { scrub } from './scrub.js';

/** An event as a log has it. */
export interface LogLine {
  readonly level: LineLevel;
  /** ISO 8601, UTC. */
  readonly time: string;
  /** The type of the event. */
  readonly msg: string;
  readonly jobId?: string;
  readonly [field: string]: unknown;
}

/** Something to log of a job. */
export type JobLogItem =
  | { readonly kind: 'job-event'; readonly event: JobEvent }
  | { readonly kind: 'event'; readonly event: RunEvent };

/** Of which job, and of which try at it. */
export interface JobContext {
  readonly job: string;
  /** Tries since the job was submitted or resumed, this one included. */
  readonly attempt?: number;
  readonly fence?: number;
}

/** An event of any group. */
export interface Stamped {
  readonly type: string;
  readonly time: string;
}

/** How a group has an event; null for a type that it does not know. */
export const entryOf = ({ lines }: LineGroup, type: string): LineEntry | null =>
  Object.hasOwn(lines, type) ? lines[type]! : null;

/** The line of an event that its group knows. */
export function lineOf({ level, as }: LineEntry, event: Stamped, context: object = {}): LogLine {
  const { type, time, ...fields } = event;
  const named = Object.entries(fields).map(([name, value]) => [as?.[name] ?? name, scrub(value)] as const);
  return { level, time, msg: type, ...context, ...Object.fromEntries(named) };
}

/**
 * The line of something that happened to a job: the process's log and the logs that are served of the job
 * both have it from here. Null for an event of a type that this version does not know, as a log that a
 * later one wrote may have.
 */
export function jobLogLine({ kind, event }: JobLogItem, context: JobContext): LogLine | null {
  const entry = entryOf(groupOf(kind), event.type);
  return entry && lineOf(entry, event, jobFields(context));
}

/** The group that has the lines of such an item. */
export const groupOf = (kind: JobLogItem['kind']): LineGroup =>
  kind === 'event' ? lineTable.run : lineTable.job;

/** What the lines of a job have besides the fields of their events. */
export const jobFields = ({ job, ...tries }: JobContext): object => ({ jobId: job, ...tries });
