import type { JobRecord } from '../../core/job/record.js';
import type { QueuedJob } from '../../services/queue/queue.js';

/** What the queue is to know of a job. */
export const queuedJob = ({ id, ticket, spec, submittedAt, notBefore }: JobRecord): QueuedJob => ({
  id,
  ticket,
  priority: spec.queue.priority,
  submittedAt,
  notBefore,
});
