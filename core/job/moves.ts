import { LocopropError } from '../errors/error.js';
import type { JobSpec } from '../spec/job-spec.js';
import type { JobEvent, JobEventBody, JobFailure, JobProgress, JobRecord } from './record.js';
import { hasEnded, isHeld, legalMoves, type JobState } from './states.js';

/** The newest events, and segments of the run, that a record keeps. */
export const MAX_HISTORY = 200;

const FIRST_DELAY_SECONDS = 2;
const LARGEST_DELAY_SECONDS = 300;

/** What a submit says beside the spec. */
export interface Submission {
  readonly id: string;
  readonly spec: JobSpec;
  readonly idempotencyKey: string | null;
}

/** A new job; `now` is the time of the event, as for all moves. */
export const submitted = ({ id, spec, idempotencyKey }: Submission, now: Date): JobRecord => ({
  id,
  name: spec.name,
  state: 'queued',
  spec,
  submittedAt: now.toISOString(),
  startedAt: null,
  endedAt: null,
  fence: 0,
  runs: [],
  ticket: 1,
  attempt: 0,
  reached: 0,
  vanished: 0,
  notBefore: null,
  coordinator: null,
  runSeconds: 0,
  progress: null,
  failure: null,
  idempotencyKey,
  history: [stamp({ type: 'job.accepted', name: spec.name, priority: spec.queue.priority }, 1, now)],
});

const stepOf = ({ progress }: JobRecord): number => progress?.step ?? 0;

/** Coordinators that vanished with it, whoever has it now among them, if it came no further with them. */
export const vanishedWith = (record: JobRecord): number =>
  isHeld(record.state) && stepOf(record) <= record.reached ? record.vanished + 1 : 0;

/** After so many a job is taken for what its coordinators die of; an unlucky one comes a step further sooner. */
const MOST_VANISHED = 10;

/** Whether one coordinator after the other has died with a job, the last one too, and it has come no further. */
export const endsItsCoordinators = (record: JobRecord): boolean => vanishedWith(record) >= MOST_VANISHED;

/** A coordinator takes a job: a queued one, or one that was running where it has died. */
export function taken(record: JobRecord, coordinator: string, now: Date): JobRecord {
  const fence = record.fence + 1;
  const { attempt } = record;
  return move(record, 'running', now, {
    event: { type: 'job.started', coordinator, fence, attempt: attempt + 1 },
    fence,
    reached: Math.max(record.reached, stepOf(record)),
    vanished: vanishedWith(record),
    coordinator,
    startedAt: record.startedAt ?? now.toISOString(),
    notBefore: null,
  });
}

/** The run of a job goes on under its newest fence, from event `from` of its log. */
export const runBegun = (record: JobRecord, from: number): JobRecord => ({
  ...record,
  runs: [...record.runs, { fence: record.fence, from }].slice(-MAX_HISTORY),
});

/** Asks that a job be paused; a queued one is so at once. */
export const pauseAsked = (record: JobRecord, now: Date): JobRecord =>
  isHeld(record.state)
    ? move(record, 'pausing', now, { event: { type: 'job.pausing' } })
    : paused(record, now);

/** The run has stopped, with a checkpoint. */
export const paused = (record: JobRecord, now: Date, end?: RunEnd): JobRecord =>
  move(record, 'paused', now, { event: { type: 'job.paused' }, coordinator: null, ...end });

/** Puts a paused or failed job into the queue again. */
export function resumed(record: JobRecord, now: Date): JobRecord {
  if (isHeld(record.state)) throw conflict(record, 'queued');
  return move(record, 'queued', now, {
    event: { type: 'job.resumed' },
    ticket: record.ticket + 1,
    attempt: 0,
    failure: null,
    endedAt: null,
    // One that has used up its time gets it anew.
    runSeconds: record.state === 'failed' ? 0 : record.runSeconds,
  });
}

/** Asks that a job be cancelled; one that nobody runs is so at once. */
export const cancelAsked = (record: JobRecord, now: Date): JobRecord =>
  isHeld(record.state)
    ? move(record, 'cancelling', now, { event: { type: 'job.cancelling' } })
    : cancelled(record, now);

/** What a run has come to where it ends. */
export interface RunEnd {
  readonly progress: JobProgress | null;
  readonly runSeconds: number;
}

export const cancelled = (record: JobRecord, now: Date, end?: RunEnd): JobRecord =>
  move(record, 'cancelled', now, { event: { type: 'job.cancelled' }, coordinator: null, ...end });

export const completed = (record: JobRecord, now: Date, end: RunEnd): JobRecord =>
  move(record, 'completed', now, {
    event: { type: 'job.completed' },
    coordinator: null,
    failure: null,
    ...end,
  });

export const failed = (record: JobRecord, now: Date, failure: JobFailure, end?: RunEnd): JobRecord =>
  move(record, 'failed', now, { event: { type: 'job.failed', failure }, coordinator: null, failure, ...end });

/** Gives a running job back to the queue: its coordinator ends, or has lost its entry there. */
export function returned(record: JobRecord, now: Date, reason: string, end: RunEnd): JobRecord {
  if (!isHeld(record.state)) throw conflict(record, 'queued');
  const coordinator = record.coordinator ?? '';
  return move(record, 'queued', now, {
    event: { type: 'job.returned', coordinator, reason },
    coordinator: null,
    ticket: record.ticket + 1,
    ...end,
  });
}

/** How long a job waits before its next attempt: longer each time. */
export const retryDelaySeconds = ({ attempt }: JobRecord): number =>
  Math.min(LARGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2 ** attempt);

/** Has a running job tried again, not before a time, after a failure that may pass. */
export function retried(
  record: JobRecord,
  now: Date,
  { failure, notBefore }: { readonly failure: JobFailure; readonly notBefore: Date },
  end: RunEnd,
): JobRecord {
  if (!isHeld(record.state)) throw conflict(record, 'queued');
  const attempt = record.attempt + 1;
  const delaySeconds = (notBefore.getTime() - now.getTime()) / 1000;
  return move(record, 'queued', now, {
    event: { type: 'job.retried', attempt, delaySeconds, failure },
    coordinator: null,
    ticket: record.ticket + 1,
    attempt,
    failure,
    notBefore: notBefore.toISOString(),
    ...end,
  });
}

type Changes = Partial<Omit<JobRecord, 'id' | 'spec' | 'state' | 'history'>> & {
  readonly event: JobEventBody;
};

/** @throws LocopropError JOB_STATE_CONFLICT where the move is not legal */
function move(record: JobRecord, to: JobState, now: Date, { event, ...changes }: Changes): JobRecord {
  const { state, history } = record;
  if (!legalMoves[state].includes(to)) throw conflict(record, to);
  return {
    ...record,
    ...(hasEnded(to) && { endedAt: now.toISOString() }),
    ...changes,
    state: to,
    history: [...history, stamp(event, (history.at(-1)?.number ?? 0) + 1, now)].slice(-MAX_HISTORY),
  };
}

const conflict = ({ id, state }: JobRecord, wanted: JobState): LocopropError =>
  new LocopropError('JOB_STATE_CONFLICT', { job: id, state, wanted });

const stamp = (event: JobEventBody, number: number, now: Date): JobEvent => ({
  number,
  time: now.toISOString(),
  ...event,
});
