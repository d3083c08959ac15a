import { LocopropError } from '#core/errors/error.js';
import type { Confusion, EpochMetrics, RunEvent, RunEventBody, StepPoint } from '#core/events.js';
import { Outline } from '#core/outline.js';
import {
  cancelAsked,
  completed,
  pauseAsked,
  resumed,
  submitted,
  taken,
  type RunEnd,
} from '#core/job/moves.js';
import type { JobRecord } from '#core/job/record.js';
import { hasEnded } from '#core/job/states.js';
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
} from '#coordinator/service/job-service.js';
import type { JobSpec } from '#core/spec/job-spec.js';
import { parseSpec } from '#core/spec/parse.js';
import { withLines } from '#services/configuration/spec-lines.js';
import { parseYaml } from '#services/configuration/yaml-text.js';
import type { StoredDataset, StoredFile } from '#services/store/job-store.js';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { parts } from '../spec/support.js';
import { jobDetails, jobView, type ViewContext } from '#coordinator/service/job-views.js';

const END: RunEnd = { progress: null, runSeconds: 1 };

/** What a test sees of a watch. */
export interface Watched {
  readonly options: WatchOptions;
  /** Items that were asked for. */
  given: number;
  /** Whether the watch was let go. */
  ended: boolean;
}

/** A service that keeps everything in memory and trains nothing: what happens, the tests do. */
export class MemoryService implements JobService {
  readonly records = new Map<string, JobRecord>();
  readonly feeds = new Map<string, FeedItem[]>();
  readonly files = new Map<string, Buffer>();
  /** What is known of them; their bytes are not kept. */
  readonly uploads = new Map<string, StoredDataset>();
  readonly watches: Watched[] = [];
  readonly workerViews: WorkerView[] = [];
  readonly epochs: EpochMetrics[] = [];
  uploadLimit = 2 ** 30;
  ready = true;
  readonly #news = new Map<string, Set<() => void>>();

  /** Watches that are under way. */
  get watching(): number {
    return this.watches.filter(({ ended }) => !ended).length;
  }

  /** Items that were asked of feeds, over all watches. */
  get delivered(): number {
    return this.watches.reduce((sum, { given }) => sum + given, 0);
  }

  submit({ text, source, idempotencyKey }: SubmitRequest): Promise<{ job: JobDetails; created: boolean }> {
    return soon(() => {
      const spec = parseSpec(parseYaml(text, source), parts, source);
      for (const record of this.records.values()) {
        if (idempotencyKey === null || record.idempotencyKey !== idempotencyKey) continue;
        if (JSON.stringify(record.spec) === JSON.stringify(spec)) {
          return { job: detailsOf(record), created: false };
        }
        throw new LocopropError('JOB_KEY_REUSED', { key: idempotencyKey, job: record.id });
      }
      const id = `job-${this.records.size + 1}`;
      const record = submitted({ id, spec, idempotencyKey }, new Date());
      this.#keep(record);
      return { job: detailsOf(record), created: true };
    });
  }

  get(id: string): Promise<JobDetails> {
    return soon(() => detailsOf(this.#record(id)));
  }

  list({ states, limit, cursor }: ListOptions): Promise<{ jobs: JobView[]; next: string | null }> {
    return soon(() => {
      const all = [...this.records.values()].reverse();
      const start = cursor === null ? 0 : all.findIndex(({ id }) => id === cursor) + 1;
      if (cursor !== null && start === 0) throw new LocopropError('CURSOR_INVALID', { cursor });
      const wanted = all.slice(start).filter(({ state }) => states.length === 0 || states.includes(state));
      const jobs = wanted.slice(0, limit).map(viewOf);
      return { jobs, next: wanted.length > limit ? (jobs.at(-1)?.id ?? null) : null };
    });
  }

  pause(id: string): Promise<JobView> {
    return soon(() => this.#keep(pauseAsked(this.#record(id), new Date())));
  }

  resume(id: string): Promise<JobView> {
    return soon(() => this.#keep(resumed(this.#record(id), new Date())));
  }

  cancel(id: string): Promise<JobView> {
    return soon(() => this.#keep(cancelAsked(this.#record(id), new Date())));
  }

  remove(id: string): Promise<void> {
    return soon(() => {
      const { state } = this.#record(id);
      if (!hasEnded(state))
        throw new LocopropError('JOB_STATE_CONFLICT', { job: id, state, wanted: 'deleted' });
      this.records.delete(id);
    });
  }

  watch(id: string, options: WatchOptions): Promise<AsyncIterable<FeedItem>> {
    return soon(() => {
      this.#record(id);
      const feed = this.feeds.get(id) ?? [];
      const { after } = options;
      const start = after === null ? 0 : feed.findIndex(({ cursor }) => cursor === after) + 1;
      if (after !== null && start === 0) throw new LocopropError('CURSOR_INVALID', { cursor: after });
      const watched: Watched = { options, given: 0, ended: false };
      this.watches.push(watched);
      return this.#follow(id, feed, start, watched);
    });
  }

  metrics(id: string, curve?: CurveRequest): Promise<readonly EpochMetrics[]> {
    return soon(() => (this.#record(id), within(this.epochs, curve, [({ trainLoss }) => trainLoss])));
  }

  steps(id: string, curve: CurveRequest): Promise<readonly StepPoint[]> {
    return soon(() => {
      this.#record(id);
      let trainSeconds = 0;
      const events = (this.feeds.get(id) ?? []).flatMap((item) =>
        item.kind === 'event' ? [item.event] : [],
      );
      const steps = events.flatMap((event) => {
        if (event.type !== 'step.done') return [];
        trainSeconds += event.seconds;
        return [{ step: event.step, epoch: event.epoch, loss: event.loss, trainSeconds }];
      });
      return within(steps, curve, [({ loss }) => loss]);
    });
  }

  confusion(id: string): Promise<Confusion | null> {
    return soon(() => {
      this.#record(id);
      const events = (this.feeds.get(id) ?? []).flatMap((item) =>
        item.kind === 'event' ? [item.event] : [],
      );
      return events.findLast((event) => event.type === 'classes.counted') ?? null;
    });
  }

  export(id: string, { format }: ExportRequest): Promise<readonly StoredFile[]> {
    return soon(() => {
      this.#record(id);
      const content = Buffer.from(format);
      this.files.set(`export/${format}/model`, content);
      return [{ name: `export/${format}/model`, bytes: content.length }];
    });
  }

  validate({ text, source }: Pick<SubmitRequest, 'text' | 'source'>): Promise<JobSpec> {
    return soon(() => {
      try {
        return parseSpec(parseYaml(text, source), parts, source);
      } catch (error) {
        throw withLines(error, text);
      }
    });
  }

  artifacts(id: string): Promise<readonly StoredFile[]> {
    return soon(() => {
      this.#record(id);
      return [...this.files].map(([name, content]) => ({ name, bytes: content.length }));
    });
  }

  openArtifact(id: string, name: string): Promise<{ file: StoredFile; content: Readable }> {
    return soon(() => {
      this.#record(id);
      const content = this.files.get(name);
      if (!content) throw new LocopropError('ARTIFACT_UNKNOWN', { job: id, name });
      return { file: { name, bytes: content.length }, content: this.contentOf(content) };
    });
  }

  /** How a file is read: as one piece. */
  contentOf = (content: Buffer): Readable => Readable.from([content]);

  workers(solves = 0): readonly WorkerView[] {
    const last = ({ timeline }: WorkerView) => (solves === 0 ? [] : timeline.slice(-solves));
    return this.workerViews.map((worker) => ({ ...worker, timeline: last(worker) }));
  }

  async upload(
    content: AsyncIterable<Uint8Array>,
    { name, digest }: { readonly name: string; readonly digest: string | null },
  ): Promise<StoredDataset> {
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of content) {
      hash.update(chunk);
      bytes += chunk.length;
      if (bytes > this.uploadLimit) throw new LocopropError('DATASET_TOO_LARGE', { limit: this.uploadLimit });
    }
    const id = hash.digest('hex');
    if (digest !== null && digest !== id) {
      throw new LocopropError('DATASET_DIGEST_MISMATCH', { found: id, announced: digest });
    }
    const dataset = { id, name, bytes, uploadedAt: new Date().toISOString() };
    this.uploads.set(id, dataset);
    return dataset;
  }

  datasets(): Promise<readonly StoredDataset[]> {
    return soon(() => [...this.uploads.values()]);
  }

  dataset(id: string): Promise<StoredDataset> {
    return soon(() => {
      const dataset = this.uploads.get(id);
      if (!dataset) throw new LocopropError('DATASET_UNKNOWN', { dataset: id });
      return dataset;
    });
  }

  async removeDataset(id: string): Promise<void> {
    await this.dataset(id);
    this.uploads.delete(id);
  }

  readiness(): Promise<{ ready: boolean; checks: Record<string, string> }> {
    const checks = { store: this.ready ? 'ok' : 'it does not answer', queue: 'ok' };
    return Promise.resolve({ ready: this.ready, checks });
  }

  /** A coordinator takes the job. */
  start(id: string): void {
    this.#keep(taken(this.#record(id), 'here', new Date()));
  }

  /** The job's run ends well. */
  complete(id: string): void {
    this.#keep(completed(this.#record(id), new Date(), END));
  }

  /** The next thing happens in the job's run. */
  happens(id: string, body: RunEventBody): void {
    const before = (this.feeds.get(id) ?? []).filter(({ kind }) => kind === 'event').length;
    this.tell(id, { ...body, sequence: before + 1, time: new Date().toISOString() });
    if (body.type === 'epoch.done') this.epochs.push(body);
  }

  /** Something happens in the job's run. */
  tell(id: string, ...events: readonly RunEvent[]): void {
    for (const event of events) this.#add(id, (cursor) => ({ kind: 'event', cursor, event }));
  }

  rewind(id: string, last: number): void {
    this.#add(id, (cursor) => ({ kind: 'rewind', cursor, last }));
  }

  #record(id: string): JobRecord {
    const record = this.records.get(id);
    if (!record) throw new LocopropError('JOB_UNKNOWN', { job: id });
    return record;
  }

  #keep(record: JobRecord): JobView {
    this.records.set(record.id, record);
    const event = record.history.at(-1);
    if (event) this.#add(record.id, (cursor) => ({ kind: 'job-event', cursor, event }));
    this.#add(record.id, (cursor) => ({ kind: 'job', cursor, job: viewOf(record) }));
    return viewOf(record);
  }

  #add(id: string, itemAt: (cursor: string) => FeedItem): void {
    const feed = this.feeds.get(id) ?? [];
    this.feeds.set(id, feed);
    feed.push(itemAt(`item-${feed.length}`));
    for (const wake of this.#news.get(id) ?? []) wake();
  }

  async *#follow(
    id: string,
    feed: readonly FeedItem[],
    start: number,
    watched: Watched,
  ): AsyncGenerator<FeedItem> {
    const { follow, signal } = watched.options;
    try {
      let at = start;
      while (!signal.aborted) {
        const item = feed[at];
        if (item) {
          watched.given += 1;
          at += 1;
          yield item;
        } else if (follow && !hasEnded(this.#record(id).state)) {
          await this.#newsOf(id, signal);
        } else {
          return;
        }
      }
    } finally {
      watched.ended = true;
    }
  }

  #newsOf(id: string, signal: AbortSignal): Promise<void> {
    const waiting = this.#news.get(id) ?? new Set();
    this.#news.set(id, waiting);
    return new Promise((resolve) => {
      const wake = (): void => {
        waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      waiting.add(wake);
      signal.addEventListener('abort', wake);
    });
  }
}

const soon = async <Result>(answer: () => Result): Promise<Result> => {
  await Promise.resolve();
  return answer();
};

const CONTEXT: ViewContext = { position: 0, progress: null };
const viewOf = (record: JobRecord): JobView => jobView(record, CONTEXT);
const detailsOf = (record: JobRecord): JobDetails => jobDetails(record, CONTEXT);

/** A worker that holds a part. */
export const someWorker = (): WorkerView => ({
  ...{ worker: 'w1', host: 'node-1', engine: 'onnx', threads: 2, memoryBytes: 2 ** 33 },
  ...{ gflops: 70.5, bandwidth: 1e9, solves: 12, busySeconds: 3.5, bytes: 1e6, leaving: false },
  joinedAt: new Date().toISOString(),
  parts: [{ layer: 1, start: 0, end: 128, job: 'job-1' }],
  timeline: [1, 2].map((step) => ({
    ...{ job: 'job-1', step, layer: 1, startedAt: `2026-01-01T00:00:0${step}.000Z` },
    ...{ receiveSeconds: 0.1, waitSeconds: 0.05, solveSeconds: 0.5, sendSeconds: 0.15 },
  })),
});

function within<Point extends { readonly step: number }>(
  points: readonly Point[],
  { points: limit, from, to }: CurveRequest = { points: null, from: null, to: null },
  values: readonly ((point: Point) => number)[],
): readonly Point[] {
  const outline = new Outline(limit, values);
  for (const point of points)
    if (point.step >= (from ?? 0) && point.step <= (to ?? Infinity)) outline.add(point);
  return outline.points;
}
