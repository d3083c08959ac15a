import type { RunEventBody } from '#core/events.js';
import type { FeedItem, JobDetails, JobView } from '#core/job/view.js';
import { parse, minimalSpec } from '../spec/support.js';

const TIME = '2026-01-01T00:00:00.000Z';

export const jobDetails = (id: string, changes: Partial<JobDetails> = {}): JobDetails => ({
  id,
  name: 'tiny',
  state: 'running',
  priority: 0,
  position: null,
  submittedAt: TIME,
  startedAt: null,
  endedAt: null,
  notBefore: null,
  attempt: 0,
  coordinator: null,
  progress: null,
  failure: null,
  spec: parse({ name: 'tiny', ...minimalSpec() }),
  history: [{ type: 'job.accepted', number: 1, name: 'tiny', priority: 0, time: TIME }],
  ...changes,
});

interface Told {
  details: JobDetails;
  readonly feed: FeedItem[];
}

/** Tells that a job is something else now. */
export function tellJob(job: Told, changes: Partial<JobView>): void {
  job.details = { ...job.details, ...changes };
  const { spec: _, history: __, ...view } = job.details;
  job.feed.push({ kind: 'job', cursor: String(job.feed.length + 1), job: view });
}

/** Tells of an event of the run; `second` is when it happened. */
export function tellEvent(job: Told, body: RunEventBody, second = 0): void {
  const sequence = job.feed.length + 1;
  const time = new Date(Date.parse(TIME) + 1000 * second).toISOString();
  job.feed.push({ kind: 'event', cursor: String(sequence), event: { sequence, time, ...body } });
}

export const started = (step: number): RunEventBody => ({
  type: 'run.started',
  job: 'tiny',
  engine: 'onnx',
  threads: 2,
  parameters: 1234,
  trainExamples: 100,
  stepsPerEpoch: 10,
  epochs: 3,
  step,
});

export const stepDone = (step: number): RunEventBody => ({
  type: 'step.done',
  epoch: Math.ceil(step / 10),
  step,
  loss: 60 - step,
  examples: 100,
  seconds: 0.5,
  phases: { data: 0, forward: 0, targets: 0, solve: 0 },
});
