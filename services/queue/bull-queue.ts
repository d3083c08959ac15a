import { Queue } from 'bullmq';
import { consumeBull } from './bull-consumer.js';
import { bullIdOf, entryOf, QUEUE_NAME } from './bull-entry.js';
import type { ConsumerOptions, JobQueue, QueuedJob, QueueEntry } from './queue.js';
import { connect, redacted, requireFit, type Connection } from './redis.js';

/** The events of entries that Redis keeps for listeners, of which there are none here. */
const KEPT_EVENTS = 100;

/** Those of BullMQ's lists that hold what was not given out, in the order in which it will be. */
const WAITING = ['wait', 'prioritized', 'delayed'] as const;

export interface BullQueueOptions {
  readonly url: string;
  /** With which the keys in Redis begin: coordinators of the same one share the queue. */
  readonly prefix: string;
}

/**
 * Opens the queue that is in a Redis.
 * @throws LocopropError QUEUE_UNAVAILABLE, QUEUE_MISCONFIGURED
 */
export async function openBullQueue(options: BullQueueOptions): Promise<JobQueue> {
  const connection = connect(options.url, 'commands');
  try {
    await requireFit(connection, redacted(options.url));
    return new BullQueue(connection, options);
  } catch (error) {
    connection.redis.disconnect();
    throw error;
  }
}

class BullQueue implements JobQueue {
  readonly location: string;
  readonly shared = true;
  readonly #queue: Queue;
  readonly #consumers = new Set<() => Promise<void>>();

  constructor(
    private readonly connection: Connection,
    private readonly options: BullQueueOptions,
  ) {
    this.location = redacted(options.url);
    this.#queue = new Queue(QUEUE_NAME, {
      connection: connection.redis,
      prefix: options.prefix,
      skipVersionCheck: true,
      streams: { events: { maxLen: KEPT_EVENTS } },
      // Whether a job is tried again is for its record: an entry is gone once its handler has ended.
      defaultJobOptions: { attempts: 1, removeOnComplete: true, removeOnFail: true },
    });
    // What is wrong with the connection is told by the commands that fail, and by the consumers.
    this.#queue.on('error', () => undefined);
  }

  async add(job: QueuedJob): Promise<void> {
    const delay = job.notBefore === null ? 0 : Math.max(0, Date.parse(job.notBefore) - Date.now());
    // BullMQ gives out small numbers first, and 0 before all that have a priority.
    const priority = 101 - job.priority;
    await this.#answer(this.#queue.add('job', null, { jobId: bullIdOf(job), priority, delay }));
  }

  async remove(entry: QueueEntry): Promise<void> {
    await this.#answer(this.#queue.remove(bullIdOf(entry)));
  }

  async has(entry: QueueEntry): Promise<boolean> {
    const state = await this.#answer(this.#queue.getJobState(bullIdOf(entry)));
    return state !== 'unknown';
  }

  async waiting(): Promise<readonly string[]> {
    const ids = await this.#answer(this.#queue.getRanges([...WAITING], 0, -1, true));
    return ids.map((id) => entryOf(id).id);
  }

  consume(options: ConsumerOptions): Promise<() => Promise<void>> {
    const end = consumeBull({ ...options, ...this.options, queue: this.#queue });
    this.#consumers.add(end);
    return Promise.resolve(async () => {
      this.#consumers.delete(end);
      await end();
    });
  }

  async check(): Promise<void> {
    await this.#answer(this.connection.redis.ping());
  }

  async close(): Promise<void> {
    await Promise.all([...this.#consumers].map((end) => end()));
    await this.#queue.close();
    this.connection.redis.disconnect();
  }

  /** @throws LocopropError QUEUE_UNAVAILABLE where Redis does not do it, or not in time */
  async #answer<Result>(command: Promise<Result>): Promise<Result> {
    try {
      return await command;
    } catch (cause) {
      throw this.connection.unavailable(cause);
    }
  }
}
