import { z } from 'zod';
import type { JobFailure, JobProgress } from '../../../../core/job/record.js';
import { jobStates } from '../../../../core/job/states.js';
import type { JobView } from '../../../service/job-service.js';

export const time = z.string().describe('ISO 8601, UTC.');
export const count = z.int().min(0);

const jobState = z.enum(jobStates).meta({
  id: 'JobState',
  description: 'What a job is; `pausing` and `cancelling` until its coordinator has noticed.',
});

const jobFailure = z
  .object({ code: z.string(), message: z.string(), remedy: z.string(), retryable: z.boolean() })
  .meta({
    id: 'JobFailure',
    description: 'Why a job, or an attempt at it, has failed.',
  }) satisfies z.ZodType<JobFailure>;

const jobProgress = z
  .object({
    step: count.describe('Steps committed, of the whole job.'),
    steps: count,
    epoch: count.describe('Epochs completed.'),
    epochs: count,
    loss: z.number().nullable().describe('Of the last batch, before its update; null before the first.'),
    trainLoss: z
      .number()
      .nullable()
      .describe('Over the training data at the last evaluation; null before the first.'),
    testLoss: z.number().nullable(),
    examplesPerSecond: z.number().nullable(),
    secondsLeft: z.number().nullable().describe('Of training, as far as is known.'),
    waiting: z
      .string()
      .exactOptional()
      .describe('Why it waits for workers, where it does: `no worker has joined yet`.'),
  })
  .meta({ id: 'JobProgress', description: 'How far a job has come.' }) satisfies z.ZodType<JobProgress>;

export const jobView = z
  .object({
    id: z.string(),
    name: z.string(),
    state: jobState,
    priority: count,
    position: count.nullable().describe('Jobs before it in the queue; null unless it is queued.'),
    submittedAt: time,
    startedAt: time.nullable(),
    endedAt: time.nullable(),
    notBefore: time.nullable().describe('Not to be started earlier, where it waits to be tried again.'),
    attempt: count.describe('Attempts that failed and were or will be tried again.'),
    coordinator: z.string().nullable().describe('Who runs it.'),
    progress: jobProgress.nullable(),
    failure: jobFailure.nullable().describe('Of the last attempt.'),
  })
  .meta({ id: 'Job', description: 'A job.' }) satisfies z.ZodType<JobView>;

const number = z.int().min(1).describe('Of the events of a job, from 1 without gaps.');

export const jobEvent = z.looseObject({ number, time, type: z.string() }).meta({
  id: 'JobEvent',
  description: 'What happened to a job as a whole; each type has fields of its own.',
});

export const jobDetails = z
  .object({
    ...jobView.shape,
    spec: z.looseObject({}).describe('The spec with every default filled in.'),
    history: z.array(jobEvent).describe('The newest events, oldest first.'),
  })
  .meta({
    id: 'JobDetails',
    description: 'A job with its resolved spec and its history.',
  });

export const checkedSpec = z
  .object({ spec: z.looseObject({}).describe('The spec with every default filled in.') })
  .meta({ id: 'CheckedSpec', description: 'A spec with which nothing is wrong.' });

export const jobPage = z
  .object({
    jobs: z.array(jobView).describe('Newest first.'),
    next: z.string().nullable().describe('The cursor of the next page; null on the last.'),
  })
  .meta({ id: 'JobPage', description: 'Jobs, a page at a time.' });

const runEvent = z.looseObject({ sequence: z.int().min(1), time, type: z.string() }).meta({
  id: 'RunEvent',
  description: 'What happened in the run of a job; each type has fields of its own.',
});

const cursor = z.string().describe('Where this item stands: a watch goes on behind it.');

export const feedItem = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('job'), cursor, job: jobView }),
    z.object({ kind: z.literal('job-event'), cursor, event: jobEvent }),
    z.object({ kind: z.literal('event'), cursor, event: runEvent }),
    z.object({
      kind: z.literal('rewind'),
      cursor,
      last: count.describe('Events with a larger number are void, and others take their numbers.'),
    }),
  ])
  .meta({ id: 'FeedItem', description: 'The `data` of a server-sent event, whose name is `kind`.' });
