import type { JobEvent, JobProgress } from '../core/job/record.js';
import type { JobDetails, JobView } from '../core/job/view.js';
import { counted, duration, grouped, localTime, significant, size, table } from './format.js';

const place = (position: number): string =>
  position === 0 ? 'next in the queue' : `${counted(position, 'job')} before it`;

/** What a job is doing, in a few words: `queued, 3 jobs before it`. */
export function stateText({ state, position, coordinator, notBefore, attempt, failure }: JobView): string {
  const more = [
    ...(state === 'queued' && position !== null ? [place(position)] : []),
    ...(state === 'queued' && notBefore !== null ? [`not before ${localTime(notBefore)}`] : []),
    ...(attempt > 0 ? [`attempt ${attempt + 1}`] : []),
    ...(coordinator === null ? [] : [`on ${coordinator}`]),
  ];
  const why = state === 'failed' && failure ? `: ${failure.code}` : '';
  return `${[state, ...more].join(', ')}${why}`;
}

/** The same, and what a job that runs waits for: `running, on vm, waiting for workers: no worker has joined yet`. */
function standingText(job: JobView): string {
  const waiting = job.state === 'running' ? job.progress?.waiting : undefined;
  return waiting === undefined ? stateText(job) : `${stateText(job)}, waiting for workers: ${waiting}`;
}

/** The epoch that a job is in, as `train` counts it, or was in when it ended. */
function epochText({ progress, state }: JobView): string {
  if (progress === null) return '';
  const { epoch, epochs } = progress;
  return `${state === 'completed' ? epoch : Math.min(epoch + 1, epochs)}/${epochs}`;
}

const timeLeft = ({ progress, state }: JobView): string | null =>
  progress === null || progress.secondsLeft === null || state !== 'running'
    ? null
    : duration(progress.secondsLeft);

/**
 * The loss over the training data; before the first evaluation that of the last batch. Never both: that of a batch is
 * from before its update, and no match for the losses of an evaluation.
 */
function lossOf({ loss, trainLoss }: JobProgress): { of: 'train' | 'batch'; value: number } | null {
  if (trainLoss !== null) return { of: 'train', value: trainLoss };
  return loss === null ? null : { of: 'batch', value: loss };
}

/** How far a job has come: `epoch 3/10, step 24/80, train loss 61.2, 12 s left`; empty before it runs. */
export function progressText(job: JobView): string {
  if (job.progress === null) return '';
  const { step, steps, testLoss } = job.progress;
  const loss = lossOf(job.progress);
  const left = timeLeft(job);
  return [
    `epoch ${epochText(job)}`,
    `step ${step}/${steps}`,
    ...(loss === null ? [] : [`${loss.of} loss ${significant(loss.value)}`]),
    ...(testLoss === null ? [] : [`test loss ${significant(testLoss)}`]),
    ...(left === null ? [] : [`${left} left`]),
  ].join(', ');
}

/** A line about a job that was just asked for. */
export const jobLine = (job: JobView): string => `${job.id} (${job.name}): ${stateText(job)}`;

const number = (value: number | null | undefined): string =>
  value === null || value === undefined ? '' : significant(value);

function trainLossCell(progress: JobProgress | null): string {
  const loss = progress && lossOf(progress);
  if (loss === null) return '';
  return loss.of === 'train' ? significant(loss.value) : `${significant(loss.value)} (batch)`;
}

/** Jobs as a table. An id begins with the job's name. */
export const jobsTable = (jobs: readonly JobView[]): string =>
  table(
    [
      ['job', 'state', 'submitted', 'epoch', 'train loss', 'test loss', 'left'],
      ...jobs.map((job) => [
        job.id,
        standingText(job),
        localTime(job.submittedAt),
        epochText(job),
        trainLossCell(job.progress),
        number(job.progress?.testLoss),
        timeLeft(job) ?? '',
      ]),
    ],
    3,
  );

/** What happened to a job, in a few words: `started on vm`. */
export function historyText(event: JobEvent): string {
  switch (event.type) {
    case 'job.started':
      return `started on ${event.coordinator}${event.attempt > 1 ? `, attempt ${event.attempt}` : ''}`;
    case 'job.returned':
      return `back in the queue: ${event.reason}`;
    case 'job.retried': {
      const { failure, delaySeconds } = event;
      const when = `is tried again in ${Math.round(delaySeconds)} s`;
      return `failed and ${when}: ${failure.code}: ${failure.message}`;
    }
    case 'job.failed':
      return `failed: ${event.failure.code}`;
    default:
      return event.type.replace(/^job\./, '');
  }
}

function endText({ startedAt, endedAt }: JobView): string | null {
  if (endedAt === null) return null;
  if (startedAt === null) return localTime(endedAt);
  return `${localTime(endedAt)}, ${duration((Date.parse(endedAt) - Date.parse(startedAt)) / 1000)} later`;
}

/** All that a person may want to know of a job. */
export function detailsText(
  job: JobDetails,
  files: readonly { readonly name: string; readonly bytes: number }[],
): string {
  const { failure, history, priority, submittedAt, startedAt, progress } = job;
  const rows: [string, string | null][] = [
    ['state', standingText(job)],
    ['progress', progressText(job) || null],
    ['speed', progress?.examplesPerSecond ? `${grouped(progress.examplesPerSecond)} examples/s` : null],
    ['priority', String(priority)],
    ['submitted', localTime(submittedAt)],
    ['started', startedAt && localTime(startedAt)],
    ['ended', endText(job)],
    ['failure', failure && `${failure.code}: ${failure.message}`],
    ['what to do', failure && failure.remedy],
  ];
  const known = rows.flatMap(([name, text]) => (text === null ? [] : [[name, text]]));
  const events = history.map((event) => [localTime(event.time), historyText(event)]);
  const names = files.map(({ name, bytes }) => [name, size(bytes)]);
  return [
    `${job.id} (${job.name})`,
    table(known, 2),
    table(events, 2),
    ...(names.length === 0 ? [] : [`${table(names)}\n\nget these files with: locoprop download ${job.id}`]),
  ].join('\n\n');
}
