import type { Confusion } from '../../../core/events.js';
import type { JobEvent } from '../../../core/job/record.js';
import type { JobState } from '../../../core/job/states.js';
import type { StoredDataset, StoredFile } from '../../../services/store/job-store.js';
import { slices } from '../../../services/store/slices.js';
import type { FeedItem, JobDetails, JobView, WorkerView } from '../../service/job-service.js';

/*
 * Answers as messages of proto/locoprop/v1/coordinator.proto. Most fields have the same names there; what is
 * null is left out.
 */

/** A google.protobuf.Timestamp. */
interface Timestamp {
  readonly seconds: number;
  readonly nanos: number;
}

function timestamp(iso: string): Timestamp {
  const ms = Date.parse(iso);
  const seconds = Math.floor(ms / 1000);
  return { seconds, nanos: (ms - 1000 * seconds) * 1e6 };
}

const timestampOrNull = (iso: string | null): Timestamp | null => (iso === null ? null : timestamp(iso));

const upperCase = <Text extends string>(text: Text): Uppercase<Text> => text.toUpperCase() as Uppercase<Text>;

/** How coordinator.proto calls a state. */
export const stateName = (state: JobState): `JOB_STATE_${Uppercase<JobState>}` =>
  `JOB_STATE_${upperCase(state)}`;

export const jobMessage = (job: JobView): object => ({
  ...job,
  state: stateName(job.state),
  submittedAt: timestamp(job.submittedAt),
  startedAt: timestampOrNull(job.startedAt),
  endedAt: timestampOrNull(job.endedAt),
  notBefore: timestampOrNull(job.notBefore),
});

export const detailsMessage = (job: JobDetails): object => ({
  job: jobMessage(job),
  specJson: JSON.stringify(job.spec),
  history: job.history.map(jobEventMessage),
});

const jobEventMessage = (event: JobEvent): object => ({
  ...event,
  type: `JOB_EVENT_TYPE_${upperCase(event.type.slice('job.'.length))}`,
  time: timestamp(event.time),
});

export function feedMessage(item: FeedItem): object {
  const { cursor } = item;
  switch (item.kind) {
    case 'job':
      return { cursor, job: jobMessage(item.job) };
    case 'job-event':
      return { cursor, jobEvent: jobEventMessage(item.event) };
    case 'event': {
      const { sequence, time, type } = item.event;
      const event = { sequence, time: timestamp(time), type, eventJson: JSON.stringify(item.event) };
      return { cursor, event };
    }
    case 'rewind':
      return { cursor, rewind: { last: item.last } };
  }
}

export const workerMessage = ({ worker, joinedAt, timeline, ...others }: WorkerView): object => ({
  ...others,
  timeline: timeline.map(({ startedAt, ...solve }) => ({ ...solve, startedAt: timestamp(startedAt) })),
  name: worker,
  joinedAt: timestamp(joinedAt),
});

export const datasetMessage = ({ uploadedAt, ...others }: StoredDataset): object => ({
  ...others,
  uploadedAt: timestamp(uploadedAt),
});

export const confusionMessage = (confusion: Confusion | null): object | null =>
  confusion && { ...confusion, counts: confusion.counts.map((examples) => ({ examples })) };

/** A file as the messages of a download: what it is, and its bytes. */
export async function* artifactMessages(
  file: StoredFile,
  content: AsyncIterable<Uint8Array>,
): AsyncGenerator<object> {
  yield { artifact: file };
  for await (const chunk of content) {
    for (const data of slices([chunk])) yield { data };
  }
}
