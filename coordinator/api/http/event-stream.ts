import type { FeedItem } from '../../service/job-service.js';
import { withPauses } from './with-pauses.js';

export const EVENT_STREAM = 'text/event-stream';

/** How long a client waits before it connects again. */
const RETRY_MS = 2000;

/**
 * A job's feed as server-sent events: `id` is the cursor, the name is the kind, and the data is the item. A
 * comment comes where nothing else does, so that both ends notice a connection that is dead.
 */
export async function* eventStream(
  feed: AsyncIterator<FeedItem>,
  heartbeatMs: number,
): AsyncGenerator<string> {
  yield `retry: ${RETRY_MS}\n\n`;
  for await (const item of withPauses(feed, heartbeatMs)) {
    yield item === null ? ': still here\n\n' : eventOf(item);
  }
}

/** JSON has no line breaks of its own, so the data is one line. */
const eventOf = (item: FeedItem): string =>
  `id: ${item.cursor}\nevent: ${item.kind}\ndata: ${JSON.stringify(item)}\n\n`;
