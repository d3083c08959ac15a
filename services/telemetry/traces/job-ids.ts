import { createHash, randomBytes } from 'node:crypto';
import type { IdGenerator } from '@opentelemetry/sdk-trace';

/** The id of a job's trace, the same wherever the job runs. */
export const traceIdOf = (job: string): string => createHash('sha256').update(job).digest('hex').slice(0, 32);

/** Gives the next trace the id that was set; spans have random ids. */
export class JobIds implements IdGenerator {
  next = '';

  generateTraceId(): string {
    return this.next;
  }

  generateSpanId(): string {
    return randomBytes(8).toString('hex');
  }
}
