import type { JobQueue } from './queue.js';

export interface QueueOptions {
  /**
   * With which the keys in Redis begin: coordinators of the same one share the queue.
   * @default locoprop
   */
  readonly prefix?: string;
}

/**
 * Opens the queue: the one in the Redis at an address, or one in this process where there is none.
 * @param url such as `redis://host:6379`, or `rediss://user:password@host:6379/0` for TLS
 * @throws LocopropError QUEUE_UNAVAILABLE, QUEUE_MISCONFIGURED
 */
export async function openQueue(
  url: string | null,
  { prefix = 'locoprop' }: QueueOptions = {},
): Promise<JobQueue> {
  // Either takes a while to load, and a process needs one of them.
  if (url === null) {
    const { LocalQueue } = await import('./local-queue.js');
    return new LocalQueue();
  }
  const { openBullQueue } = await import('./bull-queue.js');
  return openBullQueue({ url, prefix });
}
