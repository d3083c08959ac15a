import type { LineEntry, Presence } from './entry.js';
import { jobLines } from './job-lines.js';
import { runLines } from './run-lines.js';
import { serviceLines } from './service-lines.js';
import { workerLines } from './worker-lines.js';

/** Events whose lines have the same fields besides their own. */
export interface LineGroup {
  readonly title: string;
  readonly about: string;
  /** Fields of the lines besides those of the event itself. */
  readonly context: Readonly<Record<string, Presence>>;
  readonly lines: Readonly<Record<string, LineEntry>>;
}

/** Fields of every line, with their meaning. */
export const commonFields = {
  level: '`debug`, `info`, `warn` or `error`',
  service: 'who writes: `coordinator`, `worker` or `train`',
  version: 'of the program',
  time: 'when it happened, ISO 8601 in UTC',
  msg: 'the type of the event, as below',
} as const;

/** Every event that a log can have. docs/logs.md is generated from it. */
export const lineTable = {
  job: {
    title: 'Jobs',
    about: "In the log of a coordinator, and in the job's own.",
    context: { number: 'always', jobId: 'always', attempt: 'sometimes', fence: 'sometimes' },
    lines: jobLines,
  },
  run: {
    title: 'Runs',
    about:
      "In the log of `locoprop train`, of a coordinator, and of a job. Workers that come and go between jobs have lines of the coordinator's without `jobId` and `sequence`.",
    context: { sequence: 'sometimes', jobId: 'sometimes', attempt: 'sometimes', fence: 'sometimes' },
    lines: runLines,
  },
  service: {
    title: 'The coordinator',
    about:
      'In its log alone, but for `note` and `log.level`, which `locoprop train` and `locoprop worker` have too, and `process.failed`, which a worker has.',
    context: {},
    lines: serviceLines,
  },
  worker: {
    title: 'Workers',
    about: 'In the log of `locoprop worker`.',
    context: {},
    lines: workerLines,
  },
} as const satisfies Record<string, LineGroup>;
