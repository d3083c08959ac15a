import { lineLevels, type LineLevel } from '../../../core/log-level.js';
import type { FeedItem } from '../../service/job-service.js';

export const JSON_LINES = 'application/jsonl';

/** The items of a feed that a log can have a line of. */
export type LoggedItem = Extract<FeedItem, { readonly kind: 'job-event' | 'event' }>;

/** What the coordinator's log has of an item; null for nothing. */
export type LogLine = (
  item: LoggedItem,
  context: { readonly job: string; readonly attempt?: number },
) => { readonly level: LineLevel; readonly [field: string]: unknown } | null;

/** The log of a job as JSON lines, from a level on. */
export async function* logStream(
  feed: AsyncIterable<FeedItem>,
  job: string,
  options: { readonly level: LineLevel; readonly logLine: LogLine },
): AsyncGenerator<string> {
  const least = lineLevels.indexOf(options.level);
  let context: { job: string; attempt?: number } = { job };
  for await (const item of feed) {
    if (item.kind !== 'event' && item.kind !== 'job-event') continue;
    // Each line says in which attempt it was written.
    if (item.kind === 'job-event' && item.event.type === 'job.started') {
      context = { job, attempt: item.event.attempt };
    }
    const line = options.logLine(item, context);
    if (line !== null && lineLevels.indexOf(line.level) >= least) yield `${JSON.stringify(line)}\n`;
  }
}
