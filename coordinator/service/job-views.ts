import type { JobProgress, JobRecord } from '../../core/job/record.js';
import { LocopropError } from '../../core/errors/error.js';
import type { JobDetails, JobView } from './job-service.js';

/** What is known of a job beside its record. */
export interface ViewContext {
  /** Jobs before it in the queue. */
  readonly position: number | null;
  /** Where it runs here; else that of the record. */
  readonly progress: JobProgress | null;
}

export const jobView = (record: JobRecord, { position, progress }: ViewContext): JobView => ({
  id: record.id,
  name: record.name,
  state: record.state,
  priority: record.spec.queue.priority,
  position: record.state === 'queued' ? position : null,
  submittedAt: record.submittedAt,
  startedAt: record.startedAt,
  endedAt: record.endedAt,
  notBefore: record.notBefore,
  attempt: record.attempt,
  coordinator: record.coordinator,
  progress: progress ?? record.progress,
  failure: record.failure,
});

export const jobDetails = (record: JobRecord, context: ViewContext): JobDetails => ({
  ...jobView(record, context),
  spec: record.spec,
  history: record.history,
});

type Mark = Pick<JobRecord, 'submittedAt' | 'id'>;

/** Newest first; of the same time, by id. */
export function byAge(a: Mark, b: Mark): number {
  if (a.submittedAt !== b.submittedAt) return a.submittedAt < b.submittedAt ? 1 : -1;
  if (a.id === b.id) return 0;
  return a.id < b.id ? 1 : -1;
}

/** Where a page of jobs ends. */
export const listCursor = ({ submittedAt, id }: Mark): string =>
  Buffer.from(`${submittedAt} ${id}`).toString('base64url');

/** @throws LocopropError CURSOR_INVALID */
export function parseListCursor(cursor: string): Mark {
  const text = Buffer.from(cursor, 'base64url').toString();
  const [, submittedAt, id] = /^(\d{4}-\d\d-\d\dT[\d:.]+Z) ([a-z0-9-]+)$/.exec(text) ?? [];
  if (submittedAt === undefined || id === undefined) throw new LocopropError('CURSOR_INVALID', { cursor });
  return { submittedAt, id };
}
