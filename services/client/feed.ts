import type { IncomingMessage } from 'node:http';
import { createParser } from 'eventsource-parser';
import { hasEnded } from '../../core/job/states.js';
import type { FeedItem } from '../../core/job/view.js';
import { isMap } from '../../core/spec/plain-value.js';
import { BackOff, pause } from '../time/back-off.js';
import { invalidAnswer } from './answers.js';
import { chunksOf, ConnectionFailure } from './connection.js';
import type { Requests } from './requests.js';

const EVENT_STREAM = 'text/event-stream';
/** An event of a run is a few kilobytes at most. */
const MAX_EVENT_CHARACTERS = 16 * 2 ** 20;

const kinds: ReadonlySet<unknown> = new Set<FeedItem['kind']>(['job', 'job-event', 'event', 'rewind']);

export interface FollowOptions {
  /** The cursor of the last item that was had; null for the beginning. */
  readonly after?: string | null;
  /** Ends the waiting; the iteration then throws its reason. */
  readonly signal: AbortSignal;
  /** Told when the connection has broken, before it is made anew. */
  readonly onLost?: (reason: string) => void;
}

/**
 * What happens to a job, from a cursor on until the job has ended. When the connection breaks or the
 * coordinator starts anew, it goes on behind the last item, for as long as that takes.
 */
export async function* followJob(
  requests: Requests,
  path: string,
  { after = null, signal, onLost }: FollowOptions,
): AsyncGenerator<FeedItem> {
  const backOff = new BackOff();
  let cursor = after;
  let ended = false;
  let shown = '';
  for (let first = true; ; first = false) {
    const request = {
      method: 'GET',
      path,
      headers: { accept: EVENT_STREAM, ...(cursor !== null && { 'last-event-id': cursor }) },
      signal,
    } as const;
    const answer = await (first ? requests.send({ ...request, repeatable: true }) : requests.insist(request));
    // There was nothing behind the cursor, and there will be nothing.
    if (answer.statusCode === 204) return;
    try {
      for await (const item of itemsOf(answer, requests.name, signal)) {
        backOff.reset();
        cursor = item.cursor;
        if (item.kind === 'job') {
          ended = hasEnded(item.job.state);
          // Each connection begins with it.
          const text = JSON.stringify(item.job);
          if (text === shown) continue;
          shown = text;
        }
        yield item;
      }
      if (ended) return;
      onLost?.('it ended the stream');
    } catch (cause) {
      if (!(cause instanceof ConnectionFailure)) throw cause;
      onLost?.(cause.message);
    }
    await pause(backOff.next(), signal);
  }
}

/** The items of one answer. @throws ConnectionFailure; LocopropError SERVICE_ANSWER_INVALID */
async function* itemsOf(
  answer: IncomingMessage,
  server: string,
  signal: AbortSignal,
): AsyncGenerator<FeedItem> {
  if (!answer.headers['content-type']?.startsWith(EVENT_STREAM)) {
    answer.destroy();
    throw invalidAnswer(server, 'it sends no events');
  }
  const items: FeedItem[] = [];
  const parser = createParser({
    maxBufferSize: MAX_EVENT_CHARACTERS,
    onEvent: ({ event, data }) => {
      const item = event === undefined || kinds.has(event) ? itemOf(data, server) : null;
      if (item) items.push(item);
    },
  });
  const decoder = new TextDecoder();
  for await (const chunk of chunksOf(answer, signal)) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    yield* items.splice(0);
  }
}

/** Null for what a later version may send besides. */
function itemOf(data: string, server: string): FeedItem | null {
  let item: unknown;
  try {
    item = JSON.parse(data);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw invalidAnswer(server, 'an event of it is no JSON');
  }
  if (!isMap(item) || typeof item['cursor'] !== 'string')
    throw invalidAnswer(server, 'an event has no cursor');
  const { kind } = item;
  const holds = kind === 'job' ? isMap(item['job']) : kind === 'rewind' || isMap(item['event']);
  return kinds.has(kind) && holds ? (item as unknown as FeedItem) : null;
}
