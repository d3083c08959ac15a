import { jobPath, problemFrom, request } from './client.ts';
import { Delays, given, pause } from './pause.ts';
import { serverSentEvents } from './server-sent-events.ts';
import type { FeedItem, Problem } from './types.ts';
import { hiddenSignal, visible } from './visible.ts';

/** `ended` until the job is resumed, if ever. */
export type Connection =
  | { readonly state: 'connecting' | 'live' | 'lost' | 'ended' }
  | { readonly state: 'refused'; readonly problem: Problem };

export interface Follower {
  readonly signal: AbortSignal;
  readonly onItem: (item: FeedItem) => void;
  readonly onConnection: (connection: Connection) => void;
}

/** The coordinator sends a comment every 15 s: a connection that is silent for so long is dead. */
const SILENCE_MS = 45_000;
/** Events come by the hundred a second: a timer set anew for each would take longer than the events. */
const WATCH_MS = 5_000;
/** How often a job that has ended is looked at, which somebody may resume. */
const ENDED_MS = 10_000;

/**
 * Gives a job's feed from its beginning on. After a lost connection it goes on behind the last item that came,
 * so nothing is missed and nothing comes twice.
 */
export async function followJob(id: string, follower: Follower): Promise<void> {
  const { signal, onConnection } = follower;
  const delays = new Delays();
  let cursor: string | null = null;
  onConnection({ state: 'connecting' });
  while (!signal.aborted) {
    await visible(signal);
    try {
      const outcome = await followOnce(id, cursor, follower, (next) => {
        cursor = next;
        delays.reset();
      });
      if (outcome === 'ended') {
        onConnection({ state: 'ended' });
        await pause(ENDED_MS, signal);
        continue;
      }
    } catch (error) {
      const problem = problemFrom(error);
      if (given(signal)) return;
      if (problem && !problem.retryable) {
        onConnection({ state: 'refused', problem });
        return;
      }
      onConnection({ state: 'lost' });
    }
    await delays.wait(signal);
  }
}

/** Until the stream ends or breaks. */
async function followOnce(
  id: string,
  cursor: string | null,
  { signal, onItem, onConnection }: Follower,
  onCursor: (cursor: string) => void,
): Promise<'ended' | 'closed'> {
  const silent = new AbortController();
  const hidden = hiddenSignal();
  const either = AbortSignal.any([signal, silent.signal, hidden.signal]);
  let silentMs = 0;
  const watchdog = window.setInterval(() => {
    silentMs += WATCH_MS;
    if (silentMs >= SILENCE_MS) silent.abort();
  }, WATCH_MS);
  const alive = (): void => {
    silentMs = 0;
  };
  try {
    const headers: Record<string, string> = cursor === null ? {} : { 'last-event-id': cursor };
    const response = await request(jobPath(id, '/events'), { headers, signal: either });
    if (response.status === 204 || response.body === null) return 'ended';
    onConnection({ state: 'live' });
    for await (const { id: at, data } of serverSentEvents(response.body, alive)) {
      onItem(JSON.parse(data) as FeedItem);
      onCursor(at);
    }
    return 'closed';
  } catch (error) {
    // A connection that breaks under an answer is told as a failure of its body.
    if (silent.signal.aborted || hidden.signal.aborted || error instanceof TypeError) return 'closed';
    throw error;
  } finally {
    clearInterval(watchdog);
    hidden.close();
  }
}
