import type { ServiceEvent } from '../../../core/job/service-events.js';
import type { Lines } from './entry.js';

export const serviceLines: Lines<ServiceEvent> = {
  'coordinator.started': {
    level: 'info',
    meaning: 'It listens; where, and with which store and queue.',
    fields: {
      coordinator: 'always',
      http: 'always',
      grpc: 'always',
      workers: 'always',
      store: 'always',
      queue: 'always',
    },
  },
  'coordinator.ready': {
    level: 'info',
    meaning: 'It takes jobs, and `/readyz` says so.',
    fields: { coordinator: 'always' },
  },
  'coordinator.stopping': {
    level: 'info',
    meaning: 'It takes no more jobs; those that it runs are saved and handed back.',
    fields: { coordinator: 'always', reason: 'always', jobs: 'always' },
  },
  'coordinator.stopped': {
    level: 'info',
    meaning: 'The process ends; how long that took.',
    fields: { coordinator: 'always', seconds: 'always' },
  },
  'coordinator.failed': {
    level: 'error',
    meaning: 'A failure that nothing foresaw: a defect, to be reported.',
    fields: { reason: 'always', stack: 'always' },
  },
  'queue.dropped': {
    level: 'debug',
    meaning: 'An entry of the queue started nothing, for its job has moved on.',
    fields: { jobId: 'always', ticket: 'always', reason: 'always' },
  },
  'queue.rebuilt': {
    level: 'info',
    meaning: 'The queue lacked jobs that the records have as queued; they were added.',
    fields: { queue: 'always', added: 'always' },
  },
  'queue.lost': {
    level: 'error',
    meaning: 'The queue does not answer; told once until it does again.',
    fields: { queue: 'always', reason: 'always' },
  },
  'queue.restored': {
    level: 'info',
    meaning: 'The queue answers again, after so long.',
    fields: { queue: 'always', seconds: 'always' },
  },
  'queue.refused': {
    level: 'warn',
    meaning: "An entry was gone, or another coordinator's, when its handler ended; the job's record counts.",
    fields: { queue: 'always', reason: 'always' },
  },
  'store.lost': {
    level: 'error',
    meaning: 'The store does not answer; told once until it does again.',
    fields: { store: 'always', reason: 'always' },
  },
  'store.restored': {
    level: 'info',
    meaning: 'The store answers again, after so long.',
    fields: { store: 'always', seconds: 'always' },
  },
  'store.damaged': {
    level: 'error',
    meaning: 'Something in the store cannot be read, and is passed over.',
    fields: { store: 'always', file: 'always', reason: 'always' },
  },
  'job.lost': {
    level: 'warn',
    meaning: 'A job that it ran was taken up by another coordinator; what it still did is dropped.',
    fields: { jobId: 'always', fence: 'always', reason: 'always' },
  },
  request: {
    level: 'debug',
    meaning: 'A request was answered.',
    fields: {
      request: 'always',
      transport: 'always',
      method: 'always',
      route: 'always',
      status: 'always',
      seconds: 'always',
      peer: 'always',
      tokenName: 'always',
    },
  },
  'request.failed': {
    level: 'error',
    meaning: 'A request failed in a way that nothing foresaw: a defect, to be reported.',
    fields: {
      request: 'always',
      method: 'always',
      route: 'always',
      reason: 'always',
      stack: 'always',
    },
  },
  'tokens.reloaded': {
    level: 'info',
    meaning: 'The file of tokens has changed and holds from now on.',
    fields: { file: 'always', tokens: 'always' },
  },
  'tokens.broken': {
    level: 'error',
    meaning: 'The file of tokens cannot be used; those read before still hold.',
    fields: { file: 'always', reason: 'always' },
  },
  'retention.removed': {
    level: 'info',
    meaning: 'A job that ended long ago was deleted.',
    fields: { jobId: 'always', reason: 'always' },
  },
  'traces.lost': {
    level: 'warn',
    meaning: 'The endpoint for traces does not take them; told once until it does again.',
    fields: { endpoint: 'always', reason: 'always' },
  },
  'tracking.lost': {
    level: 'warn',
    meaning:
      'MLflow does not take the points of a run, which goes on; told once until it does again. `final` where it refuses them, and nothing more is sent.',
    fields: { server: 'always', run: 'always', reason: 'always', final: 'always' },
  },
  'tracking.restored': {
    level: 'info',
    meaning: 'MLflow takes the points of a run again, after so long.',
    fields: { server: 'always', run: 'always', seconds: 'always' },
  },
  'tracking.incomplete': {
    level: 'warn',
    meaning: 'A run has ended, and MLflow has not got all of its points in time.',
    fields: { server: 'always', run: 'always', points: 'always', reason: 'always' },
  },
  'metrics.missing': {
    level: 'warn',
    meaning: 'Some metrics could not be read for a scrape, which goes without them.',
    fields: { source: 'always', reason: 'always' },
  },
  'process.failed': {
    level: 'error',
    meaning: 'The process could not start, or had to end; see [errors](errors.md) for `code`.',
    fields: { code: 'always', reason: 'always', remedy: 'always' },
  },
  note: { level: 'info', meaning: 'A remark for people.', fields: { text: 'always' } },
  'log.level': {
    level: 'info',
    meaning: 'The level of the log was changed.',
    fields: { from: 'always', to: 'always' },
  },
};
