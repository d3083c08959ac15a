import { z } from 'zod';
import type { EpochMetrics } from '../../core/events.js';
import { eventFields } from './event-fields.js';
import { readEvents, type RunSubscriber } from './run-events.js';
import type { LineFile, RunStore } from './run-store.js';

const METRICS_FILE = 'metrics.jsonl';

const optional = z.number().nullable();
/** JSON has null for a number that is not finite. */
const required = optional.transform((value) => value ?? NaN);
const metricsSchema = z.object({
  epoch: required,
  step: required,
  trainLoss: required,
  testLoss: optional,
  trainError: required,
  testError: optional,
  trainAccuracy: optional,
  testAccuracy: optional,
  trainSeconds: required,
  examplesPerSecond: required,
  layers: z.array(
    z.object({
      objectiveBefore: optional,
      objectiveAfter: optional,
      largestRise: optional,
      guardRedone: required,
      // Logs of older versions do not count them.
      guardGaveUp: required.default(0),
    }),
  ),
  cluster: z
    .object({
      stepSeconds: required,
      predictedSeconds: required,
      workers: z.array(z.object({ worker: z.string(), busy: required, solves: required, bytes: required })),
    })
    .exactOptional(),
});

/**
 * The metrics of every epoch in a run's log, in order.
 *
 * @throws STORE_LOG_DAMAGED
 */
export async function readMetrics(store: RunStore): Promise<EpochMetrics[]> {
  const epochs: EpochMetrics[] = [];
  for await (const event of readEvents(store)) {
    if (event.type !== 'epoch.done') continue;
    epochs.push(eventFields(metricsSchema, event, store));
  }
  return epochs;
}

/** `metrics.jsonl`: a line an epoch, for other programs. It holds nothing that the log does not. */
export class MetricsFile {
  readonly #store: RunStore;
  readonly #lines: LineFile;

  private constructor(store: RunStore, lines: LineFile) {
    this.#store = store;
    this.#lines = lines;
  }

  static async open(store: RunStore): Promise<MetricsFile> {
    return new MetricsFile(store, await store.lines(METRICS_FILE));
  }

  /** Adds the line of an event that ends an epoch. */
  readonly record: RunSubscriber = async (event) => {
    if (event.type === 'epoch.done') await this.#append(event);
  };

  /** Drops the epochs that the log no longer has, and adds those that a crash kept out of the file. */
  async followLog(): Promise<void> {
    const epochs = await readMetrics(this.#store);
    await this.#lines.truncate(epochs.length);
    for (const metrics of epochs.slice(this.#lines.count)) await this.#append(metrics);
  }

  #append(metrics: EpochMetrics): Promise<void> {
    return this.#lines.append(JSON.stringify(fieldsOf(metrics)));
  }
}

/** The fields of a line, in the order of the schema, and nothing else of the event. */
const fieldsOf = (metrics: EpochMetrics): Partial<EpochMetrics> =>
  Object.fromEntries(metricsSchema.keyof().options.map((field) => [field, metrics[field]]));
