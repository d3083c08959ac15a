import { messageOf } from '../../core/errors/message.js';
import { createHash, randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { LocopropError } from '../../core/errors/error.js';
import type { Confusion, EpochMetrics, StepPoint } from '../../core/events.js';
import { cancelAsked, pauseAsked, resumed, submitted } from '../../core/job/moves.js';
import { runOf, type JobRecord } from '../../core/job/record.js';
import { hasEnded } from '../../core/job/states.js';
import type { JobSpec } from '../../core/spec/job-spec.js';
import { pathsOf } from '../../services/configuration/spec-paths.js';
import type { JobQueue } from '../../services/queue/queue.js';
import type { JobStore, StoredDataset, StoredFile } from '../../services/store/job-store.js';
import { readConfusion } from '../../services/store/curves.js';
import { readThrough } from '../../services/store/read-through.js';
import type { RunStore } from '../../services/store/run-store.js';
import type { WorkerHub } from '../cluster/worker-hub.js';
import type { Dispatcher } from './dispatcher.js';
import { queuedJob } from './queued-job.js';
import { metricsOf, stepsOf } from './job-curves.js';
import { JobExports } from './job-exports.js';
import { openFeed } from './job-feed.js';
import type { JobRecords } from './job-records.js';
import type {
  CurveRequest,
  ExportRequest,
  FeedItem,
  JobDetails,
  JobService,
  JobView,
  ListOptions,
  SubmitRequest,
  WatchOptions,
  WorkerView,
} from './job-service.js';
import type { JobSpecs } from './job-specs.js';
import { byAge, jobDetails, jobView, listCursor, parseListCursor, type ViewContext } from './job-views.js';
import type { LiveLogs } from './live-log.js';
import { WaitingList } from './waiting-list.js';
import { workerViews } from './worker-views.js';

export interface CoordinatorServiceOptions {
  readonly store: JobStore;
  readonly queue: JobQueue;
  readonly records: JobRecords;
  readonly specs: JobSpecs;
  readonly logs: LiveLogs;
  readonly dispatcher: Dispatcher;
  readonly hub: WorkerHub;
  /** Bytes that an upload may have. */
  readonly maxUpload: number;
  /** Told of a queue that does not answer: what was asked for is done all the same, only later. */
  readonly onQueueError: (error: unknown) => void;
}

/** What a coordinator does for its clients. */
export class CoordinatorService implements JobService {
  readonly #options: CoordinatorServiceOptions;
  readonly #waiting: WaitingList;
  readonly #exports: JobExports;

  constructor(options: CoordinatorServiceOptions) {
    this.#options = options;
    this.#waiting = new WaitingList(options.queue);
    this.#exports = new JobExports(options);
  }

  async submit({ text, source, idempotencyKey }: SubmitRequest): ReturnType<JobService['submit']> {
    const { records, specs } = this.#options;
    const spec = await specs.check(text, source);
    if (idempotencyKey !== null) await this.#refuseReused(idempotencyKey, spec.name);
    const id = `${spec.name}-${idempotencyKey === null ? randomSuffix() : suffixOf(idempotencyKey)}`;
    const record = submitted({ id, spec, idempotencyKey }, records.now());
    if (!(await records.create(record))) return this.#repeated(record);
    await this.#enqueue(record);
    return { job: await this.#details(record), created: true };
  }

  validate({ text, source }: Pick<SubmitRequest, 'text' | 'source'>): Promise<JobSpec> {
    return this.#options.specs.check(text, source);
  }

  /** A key that stands for a job of another name: its id begins with that one, so the store finds no clash. */
  async #refuseReused(key: string, name: string): Promise<void> {
    const records = await this.#options.records.all();
    const earlier = records.find((own) => own.idempotencyKey === key && own.name !== name);
    if (earlier) throw new LocopropError('JOB_KEY_REUSED', { key, job: earlier.id });
  }

  /** The job of an earlier submit with the same key. */
  async #repeated({ id, spec, idempotencyKey }: JobRecord): ReturnType<JobService['submit']> {
    const earlier = await this.#options.records.find(id);
    const same =
      earlier !== null &&
      idempotencyKey !== null &&
      earlier.idempotencyKey === idempotencyKey &&
      JSON.stringify(earlier.spec) === JSON.stringify(spec);
    if (!same) throw new LocopropError('JOB_KEY_REUSED', { key: idempotencyKey ?? '', job: id });
    return { job: await this.#details(earlier), created: false };
  }

  async get(id: string): Promise<JobDetails> {
    return this.#details(await this.#options.records.get(id));
  }

  async list({ states, limit, cursor }: ListOptions): ReturnType<JobService['list']> {
    const after = cursor === null ? null : parseListCursor(cursor);
    const found = (await this.#options.records.all())
      .filter(({ state }) => states.length === 0 || states.includes(state))
      .toSorted(byAge)
      .filter((record) => after === null || byAge(after, record) < 0);
    const page = found.slice(0, limit);
    const jobs = await Promise.all(page.map((record) => this.#view(record)));
    return { jobs, next: found.length > limit ? listCursor(page.at(-1)!) : null };
  }

  async pause(id: string): Promise<JobView> {
    return this.#change(id, (record, now) => (isPaused(record) ? record : pauseAsked(record, now)));
  }

  async resume(id: string): Promise<JobView> {
    return this.#change(id, resumed);
  }

  async cancel(id: string): Promise<JobView> {
    return this.#change(id, (record, now) => (isCancelled(record) ? record : cancelAsked(record, now)));
  }

  async remove(id: string): Promise<void> {
    await this.#options.records.remove(id, ({ state }) => {
      if (hasEnded(state)) return true;
      throw new LocopropError('JOB_STATE_CONFLICT', { job: id, state, wanted: 'deleted' });
    });
  }

  watch(id: string, options: WatchOptions): Promise<AsyncIterable<FeedItem>> {
    const { records, logs } = this.#options;
    return openFeed(id, options, { records, logs, view: (record) => this.#view(record) });
  }

  async metrics(id: string, curve?: CurveRequest): Promise<readonly EpochMetrics[]> {
    const run = await this.#run(id);
    return run === null ? [] : metricsOf(run, curve);
  }

  async steps(id: string, curve: CurveRequest): Promise<readonly StepPoint[]> {
    const run = await this.#run(id);
    return run === null ? [] : stepsOf(run, curve);
  }

  async confusion(id: string): Promise<Confusion | null> {
    const run = await this.#run(id);
    return run === null ? null : readConfusion(run);
  }

  async #run(id: string): Promise<RunStore | null> {
    const run = runOf(await this.#options.records.get(id));
    return run === null ? null : this.#options.store.run(id, run.fence);
  }

  async artifacts(id: string): Promise<readonly StoredFile[]> {
    const run = runOf(await this.#options.records.get(id));
    return run === null ? [] : this.#options.store.files(id, run.fence);
  }

  async openArtifact(
    id: string,
    name: string,
  ): Promise<{ readonly file: StoredFile; readonly content: Readable }> {
    const { store, records } = this.#options;
    const run = runOf(await records.get(id));
    const file = run && (await store.files(id, run.fence)).find((own) => own.name === name);
    const content = run && file ? await store.openFile(id, run.fence, name) : null;
    if (!file || !content) throw new LocopropError('ARTIFACT_UNKNOWN', { job: id, name });
    return { file, content: readThrough(content, firstBytes(content, file.bytes)) };
  }

  export(id: string, request: ExportRequest): Promise<readonly StoredFile[]> {
    return this.#exports.write(id, request);
  }

  workers(solves = 0): readonly WorkerView[] {
    return workerViews(this.#options.hub, solves);
  }

  upload(
    content: AsyncIterable<Uint8Array>,
    { name, digest }: { readonly name: string; readonly digest: string | null },
  ): Promise<StoredDataset> {
    const { store, maxUpload } = this.#options;
    return store.addDataset(content, { name, digest, limit: maxUpload });
  }

  datasets(): Promise<readonly StoredDataset[]> {
    return this.#options.store.datasets();
  }

  async dataset(id: string): Promise<StoredDataset> {
    const found = await this.#options.store.dataset(id);
    if (!found) throw new LocopropError('DATASET_UNKNOWN', { dataset: id });
    return found;
  }

  async removeDataset(id: string): Promise<void> {
    const { store, records } = this.#options;
    await this.dataset(id);
    const user = (await records.refresh()).find(
      ({ spec, state }) => !hasEnded(state) && pathsOf(spec).some(({ path }) => path === `upload:${id}`),
    );
    if (user) throw new LocopropError('DATASET_IN_USE', { dataset: id, job: user.id });
    await store.removeDataset(id);
  }

  async readiness(): ReturnType<JobService['readiness']> {
    const { store, queue } = this.#options;
    const outcome = async (check: Promise<void>): Promise<string> => {
      try {
        await check;
        return 'ok';
      } catch (error) {
        return messageOf(error);
      }
    };
    const [storeCheck, queueCheck] = await Promise.all([outcome(store.check()), outcome(queue.check())]);
    const checks = { store: storeCheck, queue: queueCheck };
    return { ready: storeCheck === 'ok' && queueCheck === 'ok', checks };
  }

  async #change(id: string, move: (record: JobRecord, now: Date) => JobRecord): Promise<JobView> {
    const record = await this.#options.records.change(id, move);
    if (record.state === 'queued') await this.#enqueue(record);
    if (record.state === 'paused' || record.state === 'cancelled') await this.#dequeue(record);
    return this.#view(record);
  }

  async #enqueue(record: JobRecord): Promise<void> {
    await this.#withQueue(this.#options.queue.add(queuedJob(record)));
  }

  async #dequeue({ id, ticket }: JobRecord): Promise<void> {
    await this.#withQueue(this.#options.queue.remove({ id, ticket }));
  }

  /** The record is written: a queue that does not answer is put right later. */
  async #withQueue(action: Promise<void>): Promise<void> {
    try {
      await action;
    } catch (error) {
      this.#options.onQueueError(error);
    } finally {
      this.#waiting.forget();
    }
  }

  async #view(record: JobRecord): Promise<JobView> {
    return jobView(record, await this.#context(record));
  }

  async #details(record: JobRecord): Promise<JobDetails> {
    return jobDetails(record, await this.#context(record));
  }

  async #context({ id, state }: JobRecord): Promise<ViewContext> {
    const progress = this.#options.dispatcher.progressOf(id);
    return { progress, position: state === 'queued' ? await this.#waiting.position(id) : null };
  }
}

/** As much as there was when its size was told: the files of a job that runs grow. */
async function* firstBytes(content: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  let left = bytes;
  for await (const chunk of content) {
    yield chunk.subarray(0, left);
    left -= chunk.length;
    if (left <= 0) return;
  }
}

/** A request that was repeated, as when its answer was lost, has nothing to do. */
const isPaused = ({ state }: JobRecord): boolean => state === 'pausing' || state === 'paused';

const isCancelled = ({ state }: JobRecord): boolean => state === 'cancelling' || state === 'cancelled';

const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789';

const suffix = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => ALPHABET[byte % ALPHABET.length]!).join('');

/** 8 characters of 5 bits: for people to type. */
const randomSuffix = (): string => suffix(randomBytes(8));

/** The same for the same key, so that a submit that is repeated finds the job of the first. */
const suffixOf = (key: string): string => suffix(createHash('sha256').update(key).digest().subarray(0, 16));
