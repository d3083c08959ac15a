import { type Job, type Queue, WaitingError, Worker } from 'bullmq';
import { entryOf, QUEUE_NAME } from './bull-entry.js';
import { Handlers } from './handlers.js';
import { Lease, LOCK_MS } from './lease.js';
import { EntryRefused, type ConsumerOptions } from './queue.js';
import { connect, type Connection } from './redis.js';

/** How often locks that ran out are looked for: a dead process's entry is given out again within 20 s. */
const STALLED_CHECK_MS = 5000;
/** An entry is given out again however often its holders died: what to make of that is for the records. */
const MAX_STALLED = 1_000_000;
/** After a command failed, instead of 15 s. */
const RETRY_MS = 1000;
/** How long the end of a consumer may take after its handlers' where Redis does not answer. */
const CLOSE_MS = 3000;
/** The same trouble is told once in this time: connections are tried again and again. */
const QUIET_MS = 10_000;

export interface BullConsumerOptions extends ConsumerOptions {
  readonly url: string;
  readonly prefix: string;
  /** Renews the locks: its commands fail in time, where a worker's own would wait. */
  readonly queue: Queue;
}

/** Gives out entries to this process; the result ends that and waits for the handlers. */
export function consumeBull(options: BullConsumerOptions): () => Promise<void> {
  const { url, prefix, queue, jobs } = options;
  const connection = connect(url, 'consumer');
  const tell = sparingly(options.onError);
  const handlers = new Handlers(options);
  let ending = false;

  const process = async (job: Job, token = ''): Promise<void> => {
    const id = job.id ?? '';
    if (ending) {
      // Where that fails, it waits again once its lock has run out.
      await job.moveToWait(token).catch(() => undefined);
      throw new WaitingError();
    }
    const lease = new Lease(async () => {
      const refused = await queue.getBackend().extendLocks([id], [token], LOCK_MS);
      return refused.length === 0;
    });
    await lease.begin();
    await handlers.run(entryOf(id), lease.lost);
    lease.end();
    // Then it is not this process's to end: BullMQ is to leave it as it is.
    if (lease.lost.aborted) throw new WaitingError();
  };

  const worker = new Worker(QUEUE_NAME, process, {
    connection: connection.redis,
    prefix,
    concurrency: jobs,
    lockDuration: LOCK_MS,
    // BullMQ's own renewal has one lock for each entry, though an entry may be given out to this process
    // again before a former handler has ended; and it does not notice that Redis cannot be reached.
    skipLockRenewal: true,
    stalledInterval: STALLED_CHECK_MS,
    maxStalledCount: MAX_STALLED,
    runRetryDelay: RETRY_MS,
    skipVersionCheck: true,
  });
  worker.on('error', (error) =>
    tell(isOfEntry(error) ? new EntryRefused(error.message) : connection.unavailable(error)),
  );

  return async () => {
    ending = true;
    await worker.pause(true);
    await handlers.idle();
    await closeInTime(worker, connection);
  };
}

/** Of one entry, such as that its lock is missing: BullMQ gives these a number. */
const isOfEntry = (error: Error): boolean => 'code' in error && typeof error.code === 'number';

/** Lets the worker say to Redis what it has to, which may not answer. */
async function closeInTime(worker: Worker, { redis, giveUp }: Connection): Promise<void> {
  giveUp();
  // Where one of its connections is between two attempts, a worker that closes waits for it for ever.
  const blocking = worker.getBackend().blockingClient?.then(settled);
  await Promise.allSettled([settled(redis), blocking]);
  // The commands that wait fail with the connection.
  const timer = setTimeout(() => redis.disconnect(), CLOSE_MS);
  try {
    await worker.close();
  } finally {
    clearTimeout(timer);
    redis.disconnect();
  }
}

/** What connections of either library have in common. */
interface Watched {
  readonly status: string;
  once(event: 'ready' | 'end', listener: () => void): unknown;
}

/** Resolves when a connection that was given up is there, or gone for good. */
const settled = (redis: Watched): Promise<void> =>
  new Promise((resolve) => {
    if (redis.status === 'ready' || redis.status === 'end') resolve();
    redis.once('ready', () => resolve());
    redis.once('end', () => resolve());
  });

function sparingly(onError: (error: Error) => void): (error: Error) => void {
  const told = new Map<string, number>();
  return (error) => {
    const now = performance.now();
    for (const [message, at] of told) if (now - at > QUIET_MS) told.delete(message);
    if (told.has(error.message)) return;
    told.set(error.message, now);
    onError(error);
  };
}
