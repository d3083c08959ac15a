import { Coordinator, type CoordinatorOptions } from '#coordinator/coordinator.js';
import type { CoordinatorService } from '#coordinator/service/coordinator-service.js';
import { JobRecords } from '#coordinator/service/job-records.js';
import { JobSpecs, type JobSpecsOptions } from '#coordinator/service/job-specs.js';
import type { RunEvent } from '#core/events.js';
import { submitted } from '#core/job/moves.js';
import type { JobEvent, JobRecord } from '#core/job/record.js';
import type { ServiceEvent } from '#core/job/service-events.js';
import type { JobState } from '#core/job/states.js';
import { LocalQueue } from '#services/queue/local-queue.js';
import { plainText } from '#services/security/transport-security.js';
import type { JobStore } from '#services/store/job-store.js';
import { openJobStore } from '#services/store/open-job-store.js';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { until } from '../queue/support.js';
import { parse } from '../spec/support.js';
import { temporaryFolder } from '../store/support.js';

export { until };

/** Four steps an epoch, of some milliseconds each. */
export const specWith = (changes: Readonly<Record<string, unknown>> = {}) => ({
  name: 'tiny',
  seed: 1,
  data: { train: { dataset: 'curves', examples: 32 } },
  network: {
    layers: [
      { units: 8, transfer: 'tanh' },
      { units: 784, transfer: 'sigmoid' },
    ],
    loss: 'sigmoid_cross_entropy',
  },
  training: { epochs: 1, batchSize: 8 },
  local: { iterations: 1 },
  evaluation: { everyEpochs: 1000 },
  checkpoints: { everyEpochs: 1000 },
  engine: { threads: 1 },
  ...changes,
});

export const specText = (changes: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify(specWith(changes));

/** A store in a folder, which is closed when the test ends. */
export async function openStore(
  folder: string,
  atEnd: (close: () => Promise<void>) => void = onTestFinished,
): Promise<JobStore> {
  const store = await openJobStore(folder, {
    onProblem: (problem) => {
      throw problem;
    },
  });
  atEnd(() => store.close());
  return store;
}

export interface TestRecords {
  readonly records: JobRecords;
  readonly written: JobEvent[];
}

/** The records of a store as one process of several knows them. */
export function recordsOf(store: JobStore, clock?: () => Date): TestRecords {
  const written: JobEvent[] = [];
  const onWritten = (events: readonly JobEvent[]): void => void written.push(...events);
  return { records: new JobRecords({ store, onWritten, ...(clock && { clock }) }), written };
}

export const specsOf = (store: JobStore, options: Partial<JobSpecsOptions> = {}): JobSpecs =>
  new JobSpecs({
    store,
    files: null,
    plugins: null,
    environment: {},
    engine: { name: 'onnx', threads: 1 },
    ...options,
  });

export const recordOf = (
  id: string,
  { changes = {}, at = new Date() }: { readonly changes?: object; readonly at?: Date } = {},
): JobRecord => submitted({ id, spec: parse(specWith({ ...changes })), idempotencyKey: null }, at);

export interface TestCoordinator {
  readonly coordinator: Coordinator;
  readonly service: CoordinatorService;
  readonly store: JobStore;
  readonly queue: LocalQueue;
  readonly runEvents: RunEvent[];
  readonly jobEvents: JobEvent[];
  readonly serviceEvents: ServiceEvent[];
  /** Submits a job. @returns its id */
  readonly submit: (changes?: Readonly<Record<string, unknown>>) => Promise<string>;
  /** Waits until a job is in a state. */
  readonly reaches: (id: string, state: JobState) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** A coordinator with a queue of its own and without workers, which ends with the test. */
export async function openCoordinator({
  folder,
  atEnd = onTestFinished,
  ...options
}: Partial<CoordinatorOptions> & {
  readonly folder?: string;
  /** Is given what closes it. */
  readonly atEnd?: (close: () => Promise<void>) => void;
} = {}): Promise<TestCoordinator> {
  const store = options.store ?? (await openStore(folder ?? (await temporaryFolder()), atEnd));
  const queue = new LocalQueue();
  const runEvents: RunEvent[] = [];
  const jobEvents: JobEvent[] = [];
  const serviceEvents: ServiceEvent[] = [];
  const coordinator = await Coordinator.open({
    name: 'here',
    version: '1.2.3',
    store,
    queue,
    workers: { address: '127.0.0.1:0', security: plainText, leaseMs: 5000, localWorkers: null },
    solvesHere: false,
    jobs: 1,
    files: null,
    plugins: null,
    environment: {},
    engine: { name: 'onnx', threads: 1 },
    maxUpload: 2 ** 20,
    keepDays: null,
    tracking: null,
    observer: {
      onRunEvent: (event) => runEvents.push(event),
      onJobEvent: (event) => jobEvents.push(event),
      onFleetEvent: () => undefined,
      onServiceEvent: (event) => serviceEvents.push(event),
    },
    ...options,
  });
  let closed: Promise<void> | null = null;
  const close = (): Promise<void> => (closed ??= coordinator.close());
  atEnd(close);
  const { service } = coordinator;
  return {
    coordinator,
    service,
    store,
    queue,
    runEvents,
    jobEvents,
    serviceEvents,
    submit: async (changes) =>
      (await service.submit({ text: specText(changes), source: 'tiny.yaml', idempotencyKey: null })).job.id,
    reaches: (id, state) =>
      until(async () => (await service.get(id)).state === state, `${id} becomes ${state}`, 60_000),
    close,
  };
}

/** A coordinator for several tests. */
export async function openSharedCoordinator(): Promise<TestCoordinator> {
  const folder = await mkdtemp(join(tmpdir(), 'locoprop-service-'));
  const opened = await openCoordinator({ folder, atEnd: () => undefined });
  const close = async (): Promise<void> => {
    await opened.close();
    await rm(folder, { recursive: true, force: true });
  };
  return { ...opened, close };
}
