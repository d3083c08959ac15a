import type { Readable } from 'node:stream';
import type { Confusion, EpochMetrics, StepPoint } from '../../core/events.js';
import type { JobState } from '../../core/job/states.js';
import type { FeedItem, JobDetails, JobView, WorkerSolve, WorkerView } from '../../core/job/view.js';
import type { JobSpec } from '../../core/spec/job-spec.js';
import type { StoredDataset, StoredFile } from '../../services/store/job-store.js';
import type { ExportFormat } from '../export/export-network.js';
import type { WhichCheckpoint } from '../trained-run.js';

export type { FeedItem, JobDetails, JobView, WorkerSolve, WorkerView };

export interface WatchOptions {
  /** Where to go on: the cursor of the last item that was had; null for the beginning. */
  readonly after: string | null;
  /** Whether to wait for what is still to happen, until the job has ended; else only what there is. */
  readonly follow: boolean;
  /** Ends the feed, also between two items. */
  readonly signal: AbortSignal;
}

export interface ListOptions {
  /** All states where it is empty. */
  readonly states: readonly JobState[];
  readonly limit: number;
  /** Of the page before; null for the first. */
  readonly cursor: string | null;
}

export interface SubmitRequest {
  /** YAML or JSON. */
  readonly text: string;
  /** What messages call the text, such as the name of its file. */
  readonly source: string;
  /** A repeated submit with the same key gives the same job; null for none. */
  readonly idempotencyKey: string | null;
}

/** How much of a curve is wanted. */
export interface CurveRequest {
  /** At most so many points: an outline, of which nothing that stands out is missing; null for all. */
  readonly points: number | null;
  /** Of steps in this range, both included; null for no bound. */
  readonly from: number | null;
  readonly to: number | null;
}

/** The least number of points that may be asked for. */
export const LEAST_POINTS = 8;

export interface ExportRequest {
  readonly format: ExportFormat;
  readonly checkpoint: WhichCheckpoint;
}

/**
 * What a coordinator does for its clients: one application layer under all transports. Every method throws
 * LocopropErrors of the catalogue; JOB_UNKNOWN for an unknown id.
 */
export interface JobService {
  /**
   * Checks a spec and queues its job; the job is durable once the promise resolves.
   * @returns the job, and whether it is a new one
   * @throws SPEC_…, JOB_PATH_REFUSED, DATASET_UNKNOWN, JOB_KEY_REUSED
   */
  submit(request: SubmitRequest): Promise<{ readonly job: JobDetails; readonly created: boolean }>;
  /**
   * Checks a spec as `submit` does, with the files, data sets and plugins that it names, and makes no job of it.
   * @returns the spec with every default filled in
   * @throws SpecRefusal SPEC_…, PLUGIN_FAILED, JOB_PATH_REFUSED, DATASET_UNKNOWN
   */
  validate(request: Pick<SubmitRequest, 'text' | 'source'>): Promise<JobSpec>;
  get(id: string): Promise<JobDetails>;
  /** Newest first. @throws CURSOR_INVALID */
  list(options: ListOptions): Promise<{ readonly jobs: readonly JobView[]; readonly next: string | null }>;
  /** @throws JOB_STATE_CONFLICT, as the next three do */
  pause(id: string): Promise<JobView>;
  resume(id: string): Promise<JobView>;
  cancel(id: string): Promise<JobView>;
  /** Deletes a job that has ended, with its files. */
  remove(id: string): Promise<void>;
  /** @throws CURSOR_INVALID, before the first item */
  watch(id: string, options: WatchOptions): Promise<AsyncIterable<FeedItem>>;
  metrics(id: string, curve?: CurveRequest): Promise<readonly EpochMetrics[]>;
  steps(id: string, curve: CurveRequest): Promise<readonly StepPoint[]>;
  /** Of the last evaluation; null where there was none, or the job is no classifier. */
  confusion(id: string): Promise<Confusion | null>;
  artifacts(id: string): Promise<readonly StoredFile[]>;
  /** @throws ARTIFACT_UNKNOWN */
  openArtifact(id: string, name: string): Promise<{ readonly file: StoredFile; readonly content: Readable }>;
  /**
   * Writes the network of a checkpoint for other programs, beside the other files of the job.
   * @returns the files, last the one that programs open
   * @throws STORE_NO_CHECKPOINT, EXPORT_UNSUPPORTED, JOB_CHANGED
   */
  export(id: string, request: ExportRequest): Promise<readonly StoredFile[]>;
  /** @param solves how many of the last problems of each are told, at most `MAX_PAST_SOLVES` */
  workers(solves?: number): readonly WorkerView[];
  /** @throws DATASET_TOO_LARGE, DATASET_DIGEST_MISMATCH */
  upload(
    content: AsyncIterable<Uint8Array>,
    options: { readonly name: string; readonly digest: string | null },
  ): Promise<StoredDataset>;
  datasets(): Promise<readonly StoredDataset[]>;
  /** @throws DATASET_UNKNOWN */
  dataset(id: string): Promise<StoredDataset>;
  /** @throws DATASET_UNKNOWN, DATASET_IN_USE */
  removeDataset(id: string): Promise<void>;
  /** Whether it can take and run jobs; else why not. */
  readiness(): Promise<{ readonly ready: boolean; readonly checks: Readonly<Record<string, string>> }>;
}
