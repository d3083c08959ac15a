import { invalidAnswer } from './answers.js';
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { LineLevel } from '../../core/log-level.js';
import { BackOff, pause } from '../time/back-off.js';
import { chunksOf, ConnectionFailure } from './connection.js';
import type { Requests } from './requests.js';

/** A line of a log is short; what is longer is no log. */
const MAX_LINE_CHARACTERS = 2 ** 20;

export interface LogOptions {
  /** Whether to wait for lines until the job has ended. */
  readonly follow: boolean;
  readonly level: LineLevel;
  readonly signal: AbortSignal;
  readonly onLost?: (reason: string) => void;
}

/**
 * The lines of a job's log. It has no cursors: after a broken connection it is read from the beginning, and
 * lines that were had are passed over; each has its time, which tells it from others.
 *
 * @param hasEnded asks whether the job has ended
 */
export async function* logLines(
  requests: Requests,
  path: string,
  hasEnded: () => Promise<boolean>,
  { follow, level, signal, onLost }: LogOptions,
): AsyncGenerator<string> {
  const backOff = new BackOff();
  /** Of earlier connections. */
  const had = new Set<string>();
  // Whatever is written after the job has ended is there at once.
  let ended = !follow;
  for (let first = true; ; first = false) {
    const query = `follow=${String(follow && !ended)}&level=${level}`;
    const request = { method: 'GET', path: `${path}?${query}`, signal, headers: { accept: '*/*' } } as const;
    const answer = await (first ? requests.send({ ...request, repeatable: true }) : requests.insist(request));
    const current: string[] = [];
    try {
      for await (const line of linesOf(answer, requests.name, signal)) {
        backOff.reset();
        const digest = createHash('sha256').update(line).digest('base64').slice(0, 22);
        if (had.has(digest)) continue;
        current.push(digest);
        yield line;
      }
      if (ended) return;
      // The coordinator may end as well as the job: then there is more to come, or more was written since.
      ended = await hasEnded();
      if (ended) continue;
      onLost?.('it ended the stream');
    } catch (cause) {
      if (!(cause instanceof ConnectionFailure)) throw cause;
      onLost?.(cause.message);
    } finally {
      for (const digest of current) had.add(digest);
    }
    await pause(backOff.next(), signal);
  }
}

async function* linesOf(
  answer: IncomingMessage,
  server: string,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunksOf(answer, signal)) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_LINE_CHARACTERS) throw invalidAnswer(server, 'it sends no lines of a log');
    yield* lines.filter((line) => line !== '');
  }
  if (rest !== '') yield rest;
}
