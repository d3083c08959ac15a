import { LocopropError } from '../../core/errors/error.js';
import { runOf, type JobRecord } from '../../core/job/record.js';

/** How far a follower of a job has come. */
export interface FeedPosition {
  /** The segment of the run whose events it had last; 0 before the first. */
  readonly fence: number;
  /** Number of the last event of the run. */
  readonly event: number;
  /** Number of the last event of the job. */
  readonly jobEvent: number;
}

export const BEGINNING: FeedPosition = { fence: 0, event: 0, jobEvent: 0 };

export const showCursor = ({ fence, event, jobEvent }: FeedPosition): string =>
  `${fence}.${event}.${jobEvent}`;

/** @throws LocopropError CURSOR_INVALID */
export function parseCursor(cursor: string): FeedPosition {
  const [, fence, event, jobEvent] = /^(\d{1,15})\.(\d{1,15})\.(\d{1,15})$/.exec(cursor) ?? [];
  if (fence === undefined) throw new LocopropError('CURSOR_INVALID', { cursor });
  return { fence: Number(fence), event: Number(event), jobEvent: Number(jobEvent) };
}

/**
 * Where the newest segment of a run goes on for somebody who has followed an earlier one: after the last
 * event that both have. Each segment took over the beginning of the log of the one before.
 */
export function shared(record: JobRecord, position: FeedPosition): number {
  const later = record.runs.filter(({ fence }) => fence > position.fence);
  const known = record.runs.some(({ fence }) => fence === position.fence);
  if (!known && position.fence !== 0) return 0;
  return Math.min(position.event, ...later.map(({ from }) => from));
}

export const currentFence = (record: JobRecord): number => runOf(record)?.fence ?? 0;
