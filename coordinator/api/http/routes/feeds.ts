import { z } from 'zod';
import type { FeedItem } from '../../../service/job-service.js';
import { EVENT_STREAM, eventStream } from '../event-stream.js';
import { lineLevels } from '../../../../core/log-level.js';
import { JSON_LINES, logStream } from '../log-stream.js';
import { cursor, flag, jobId, none } from '../parameters.js';
import { route, type Route } from '../route.js';
import { feedItem } from '../schemas/job.js';
import { before } from '../../../../services/time/before.js';

const tag = 'jobs';

/** Asks proxies to pass on each event as it comes. */
const UNBUFFERED = { 'x-accel-buffering': 'no' };

const events = route({
  id: 'watchJob',
  method: 'GET',
  path: '/v1/jobs/{id}/events',
  summary: 'What happens to a job, as server-sent events',
  description:
    'The name of an event is the `kind` of its item, its id the cursor, and its data the item (`FeedItem`). The stream ends with the job. A client that connects again with the id of the last event goes on behind it, without a gap.',
  tag,
  role: 'read',
  params: jobId,
  query: z.strictObject({
    after: cursor
      .optional()
      .describe('Goes on behind this cursor; the header last-event-id comes before it.'),
    follow: flag.default(true).describe('Whether to wait for what is still to happen.'),
  }),
  headers: z.object({
    'last-event-id': cursor.optional().describe('Goes on behind this cursor: clients send it by themselves.'),
  }),
  responses: {
    200: { description: 'The events.', content: { [EVENT_STREAM]: feedItem } },
    204: {
      description:
        'The job has ended, and nothing came after the cursor: there is no use in connecting again.',
    },
  },
  errors: ['JOB_UNKNOWN', 'CURSOR_INVALID'],
  streams: true,
  handle: async ({ service, facilities, params, query, headers, openStream }) => {
    const after = headers['last-event-id'] ?? query.after ?? null;
    const feed = await service.watch(params.id, { after, follow: query.follow, signal: openStream() });
    const begun = await begin(feed);
    if (begun === null && after !== null) return { kind: 'empty', status: 204 };
    return {
      kind: 'stream',
      status: 200,
      headers: { 'content-type': EVENT_STREAM, ...UNBUFFERED },
      content: eventStream(begun ?? ended, facilities.limits.heartbeatSeconds * 1000),
    };
  },
});

const ended: AsyncIterator<FeedItem> = { next: () => Promise.resolve({ done: true, value: undefined }) };

/** How long the status of an answer waits for the first item, which tells whether the cursor was any good. */
const BEGIN_MS = 1000;

/** A feed whose first item was looked at; null where it has none. Where that takes long, it is not waited for. */
async function begin(feed: AsyncIterable<FeedItem>): Promise<AsyncIterator<FeedItem> | null> {
  const iterator = feed[Symbol.asyncIterator]();
  const first = iterator.next();
  const begun = await before(first, BEGIN_MS);
  if (begun !== 'late' && begun.done === true) return null;
  let given = false;
  return {
    next: () => {
      if (given) return iterator.next();
      given = true;
      return first;
    },
    return: () => iterator.return?.() ?? Promise.resolve({ done: true, value: undefined }),
  };
}

const logs = route({
  id: 'readJobLog',
  method: 'GET',
  path: '/v1/jobs/{id}/logs',
  summary: 'The log of a job, as JSON lines',
  tag,
  role: 'read',
  params: jobId,
  query: z.strictObject({
    follow: flag
      .default(false)
      .describe('Whether to wait for what is still to come, until the job has ended.'),
    level: z.enum(lineLevels).default('info').describe('The least level of lines.'),
  }),
  headers: none,
  responses: {
    200: {
      description: 'The lines, oldest first.',
      content: { [JSON_LINES]: z.string().describe('A JSON object a line, as docs/logs.md lists them.') },
    },
  },
  errors: ['JOB_UNKNOWN'],
  streams: true,
  handle: async ({ service, facilities: { logLine }, params, query, openStream }) => ({
    kind: 'stream',
    status: 200,
    headers: { 'content-type': JSON_LINES, ...UNBUFFERED },
    content: logStream(
      await service.watch(params.id, { after: null, follow: query.follow, signal: openStream() }),
      params.id,
      { level: query.level, logLine },
    ),
  }),
});

export const feedRoutes: readonly Route[] = [events, logs];
