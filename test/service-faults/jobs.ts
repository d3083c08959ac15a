import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunEvent } from '#core/events.js';
import { runOf, type JobRecord } from '#core/job/record.js';
import type { JobStore } from '#services/store/job-store.js';
import { openJobStore } from '#services/store/open-job-store.js';
import { StoredRun } from '#services/store/stored-run.js';
import { digestOf, undisturbed } from '../faults/job.js';
import type { Place } from './coordinator.js';

/** How a job of the tests differs from the others. */
export interface SpecChoice {
  readonly name?: string;
  readonly seed?: number;
  readonly epochs?: number;
  /** More local iterations make longer steps. */
  readonly iterations?: number;
  /** YAML for `queue`. */
  readonly queue?: string;
  /** YAML for `data.train`. */
  readonly train?: string;
  readonly everySteps?: number;
}

export const STEPS_PER_EPOCH = 10;
export const DEFAULT_EPOCHS = 4;
export const CHECKPOINT_STEPS = 5;

/** A job with a layer that is split, an optimizer with slots, and steps of some hundredths of a second. */
export const serviceSpec = ({
  name = 'tiny',
  seed = 1,
  epochs = DEFAULT_EPOCHS,
  iterations = 20,
  queue = '{}',
  train = `{ dataset: curves, examples: ${20 * STEPS_PER_EPOCH} }`,
  everySteps = CHECKPOINT_STEPS,
}: SpecChoice = {}): string => `
name: ${name}
seed: ${seed}
data: { train: ${train}, targets: inputs }
network:
  layers:
    - { units: 150, transfer: tanh }
    - { units: 20, transfer: identity }
    - { units: 784, transfer: sigmoid }
  loss: sigmoid_cross_entropy
training: { batchSize: 20, epochs: ${epochs} }
local: { iterations: ${iterations}, optimizer: { name: rmsprop, learningRate: 1.0e-4 } }
cluster: { leaseSeconds: 1 }
queue: ${queue}
evaluation: { everyEpochs: 1, trainExamples: 10 }
checkpoints: { everySteps: ${everySteps}, everyEpochs: 1, keep: 2 }
engine: { threads: 1 }
`;

/** What jobs come to where nothing happens, each computed once. */
export class Undisturbed {
  readonly #known = new Map<string, Promise<string>>();

  constructor(private readonly folder: string) {}

  digestOf(spec: string): Promise<string> {
    const known = this.#known.get(spec);
    if (known) return known;
    const computed = this.#compute(spec, join(this.folder, `alone-${this.#known.size + 1}`));
    this.#known.set(spec, computed);
    return computed;
  }

  async #compute(spec: string, folder: string): Promise<string> {
    await mkdir(folder);
    const file = join(folder, 'spec.yaml');
    await writeFile(file, spec);
    return undisturbed(file, join(folder, 'run'));
  }
}

/** A job as the store has it. */
export interface StoredJob {
  readonly record: JobRecord;
  /** Of its newest run. */
  readonly events: readonly RunEvent[];
}

/** Looks into the store past the coordinators. */
export class StoreView {
  private constructor(readonly store: JobStore) {}

  static async open({ store }: Pick<Place, 'store'>): Promise<StoreView> {
    // What is wrong with a store is told by the coordinators.
    return new StoreView(await openJobStore(store, { onProblem: () => undefined }));
  }

  async record(id: string): Promise<JobRecord> {
    const found = await this.store.read(id);
    if (!found) throw new Error(`there is no job ${id}`);
    return found.record;
  }

  async job(id: string): Promise<StoredJob> {
    const record = await this.record(id);
    const run = runOf(record);
    if (!run) return { record, events: [] };
    const stored = new StoredRun(this.store.run(id, run.fence));
    const events: RunEvent[] = [];
    for await (const event of stored.readEvents()) events.push(event);
    return { record, events };
  }

  /** Of the last checkpoint of a job that has ended. */
  digestOf({ record }: StoredJob): Promise<string> {
    return digestOf(new StoredRun(this.store.run(record.id, runOf(record)!.fence)));
  }

  /** The record once it meets a condition; fails where that takes longer. */
  async until(
    id: string,
    what: string,
    meets: (record: JobRecord) => boolean,
    timeoutMs = 60_000,
  ): Promise<JobRecord> {
    const end = performance.now() + timeoutMs;
    for (;;) {
      const record = await this.record(id);
      if (meets(record)) return record;
      if (performance.now() > end) {
        const { spec: _, ...rest } = record;
        throw new Error(`${id}: not ${what} in ${timeoutMs} ms: ${JSON.stringify(rest, null, 1)}`);
      }
      await sleep(50);
    }
  }

  /** Resolves with the events of a job's newest run once so many steps of it are committed. */
  async step(id: string, count: number, timeoutMs = 60_000): Promise<readonly RunEvent[]> {
    const end = performance.now() + timeoutMs;
    for (;;) {
      const { events, record } = await this.job(id);
      if (events.some((event) => event.type === 'step.done' && event.step >= count)) return events;
      if (performance.now() > end) {
        const { spec: _, ...rest } = record;
        throw new Error(`${id}: no step ${count} in ${timeoutMs} ms: ${JSON.stringify(rest, null, 1)}`);
      }
      await sleep(20);
    }
  }

  close(): Promise<void> {
    return this.store.close();
  }
}

export const stepsOf = (events: readonly RunEvent[]): number[] =>
  events.flatMap((event) => (event.type === 'step.done' ? [event.step] : []));
