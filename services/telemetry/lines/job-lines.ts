import type { JobEventBody } from '../../../core/job/record.js';
import type { Lines } from './entry.js';

export const jobLines: Lines<JobEventBody> = {
  'job.accepted': {
    level: 'info',
    meaning: 'A job was submitted, and is durable.',
    fields: { name: 'always', priority: 'always' },
  },
  'job.started': {
    level: 'info',
    meaning: 'A coordinator has taken the job.',
    fields: { coordinator: 'always', fence: 'always', attempt: 'always' },
  },
  'job.pausing': { level: 'info', meaning: 'The running job was asked to pause.', fields: {} },
  'job.paused': { level: 'info', meaning: 'It has paused, with a checkpoint.', fields: {} },
  'job.resumed': { level: 'info', meaning: 'A paused or failed job is in the queue again.', fields: {} },
  'job.cancelling': { level: 'info', meaning: 'The running job was asked to end.', fields: {} },
  'job.cancelled': { level: 'info', meaning: 'It was cancelled.', fields: {} },
  'job.retried': {
    level: 'warn',
    meaning: 'An attempt has failed in a way that may pass; the next one follows after a delay.',
    fields: { attempt: 'always', delaySeconds: 'always', failure: 'always' },
  },
  'job.returned': {
    level: 'info',
    meaning: 'The job is in the queue again, because its coordinator ends or has lost it.',
    fields: { coordinator: 'always', reason: 'always' },
  },
  'job.completed': { level: 'info', meaning: 'The job has come to its end.', fields: {} },
  'job.failed': {
    level: 'error',
    meaning: 'The job has failed; `failure` has the code, the message and what to do.',
    fields: { failure: 'always' },
  },
};
