import type { QueueEntry } from './queue.js';

/** Of the queue within the prefix. */
export const QUEUE_NAME = 'jobs';

/** BullMQ's name for an entry; it may have no colon. */
export const bullIdOf = ({ id, ticket }: QueueEntry): string => `${id}_${ticket}`;

export function entryOf(bullId: string): QueueEntry {
  const end = bullId.lastIndexOf('_');
  return { id: bullId.slice(0, end), ticket: Number(bullId.slice(end + 1)) };
}
