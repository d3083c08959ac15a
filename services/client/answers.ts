import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { LocopropError } from '../../core/errors/error.js';
import { RemoteError } from '../../core/errors/remote-error.js';
import { chunksOf } from './connection.js';
import { retryAfterMs } from '../network/retry-after.js';

const MAX_JSON_BYTES = 64 * 2 ** 20;
const MAX_PROBLEM_BYTES = 2 ** 20;

const PROBLEM_TYPE = 'application/problem+json';
/** What stands between client and coordinator says so when that one is gone. */
const GATEWAY = [502, 503, 504];

const problem = z.object({
  code: z.string().regex(/^[A-Z][A-Z0-9_]{1,63}$/),
  detail: z.string(),
  remedy: z.string(),
  retryable: z.boolean(),
});

const typeOf = (answer: IncomingMessage): string =>
  (answer.headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase();

export const invalidAnswer = (server: string, reason: string): LocopropError =>
  new LocopropError('SERVICE_ANSWER_INVALID', { server, reason });

/** The failure that an answer tells of. */
export async function failureOf(
  answer: IncomingMessage,
  server: string,
): Promise<LocopropError | RemoteError> {
  const status = answer.statusCode ?? 0;
  const told =
    typeOf(answer) === PROBLEM_TYPE
      ? problem.safeParse(parsed(await textOf(answer, MAX_PROBLEM_BYTES)))
      : null;
  if (told?.success) {
    const { code, detail, remedy, retryable } = told.data;
    return new RemoteError({ code, message: printable(detail), remedy: printable(remedy), retryable });
  }
  answer.destroy();
  if (GATEWAY.includes(status))
    return new LocopropError('SERVICE_UNREACHABLE', { server, reason: `the status is ${status}` });
  if (status === 429)
    return new LocopropError('SERVICE_UNAVAILABLE', { reason: 'there are too many requests' });
  return invalidAnswer(server, `the status is ${status}`);
}

/** The JSON document of an answer. @throws LocopropError SERVICE_ANSWER_INVALID; ConnectionFailure */
export async function documentOf(answer: IncomingMessage, server: string): Promise<unknown> {
  if (typeOf(answer) !== 'application/json') {
    answer.destroy();
    throw invalidAnswer(server, 'it sends no JSON');
  }
  const text = await textOf(answer, MAX_JSON_BYTES);
  const document = text === null ? undefined : parsed(text);
  if (document === undefined) throw invalidAnswer(server, 'its JSON is damaged or too large');
  return document;
}

/** Null where it is longer than that. */
async function textOf(answer: IncomingMessage, mostBytes: number): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunksOf(answer)) {
    bytes += chunk.length;
    if (bytes > mostBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string | null): unknown {
  try {
    return text === null ? undefined : (JSON.parse(text) as unknown);
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined;
    throw cause;
  }
}

/** A text from elsewhere does nothing to a terminal. */
const printable = (text: string): string => text.replaceAll(/[^\P{Cc}\n]/gu, ' ');

/** Milliseconds that an answer asks to wait; 0 where it does not say. */
export const waitOf = ({ headers }: IncomingMessage): number => retryAfterMs(headers['retry-after']);
