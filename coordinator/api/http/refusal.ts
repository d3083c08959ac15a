import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { LocopropError } from '../../../core/errors/error.js';
import type { HttpLimits } from './options.js';
import { invalidRequest, PROBLEM_TYPE, problemOf } from './problem.js';
import { statusOf, titleOf } from './status.js';

/** On every answer: it is data, neither to be kept nor to be shown in a page of another's. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
};

/** Fastify's own failures, such as of a path that is badly encoded, as ones of the catalogue. */
export function translated(error: unknown): unknown {
  if (error instanceof LocopropError || !(error instanceof Error)) return error;
  const { statusCode, code } = error as { statusCode?: unknown; code?: unknown };
  if (typeof code !== 'string' || !code.startsWith('FST_ERR_')) return error;
  if (statusCode === 415) return new LocopropError('MEDIA_TYPE_UNKNOWN', { type: 'none' }, { cause: error });
  return typeof statusCode === 'number' && statusCode < 500 ? invalidRequest(error.message) : error;
}

/**
 * Reads on for a moment what a refused request still sends, and throws it away: a connection closed at once
 * would take the answer with it.
 */
export function linger(request: IncomingMessage, seconds: number): void {
  if (request.complete) return;
  request.resume();
  const timer = setTimeout(() => request.socket.destroy(), seconds * 1000);
  for (const end of ['end', 'close']) request.once(end, () => clearTimeout(timer));
}

/**
 * Answers what is no HTTP, too slow to become a request, or too large for one.
 *
 * @param answer the newest one of the connection, which may be under way
 */
export function refuseSocket(
  error: Error,
  socket: Socket,
  limits: HttpLimits,
  answer: ServerResponse | undefined,
): void {
  const { code = '' } = error as { code?: string };
  const underWay = answer?.headersSent === true && !answer.writableFinished;
  if (code === 'ECONNRESET' || !socket.writable || underWay) {
    socket.destroy();
    return;
  }
  const { refusal, status } = refusalOf(code, limits);
  const body = JSON.stringify(problemOf(refusal, randomUUID(), status));
  const head = [
    `HTTP/1.1 ${status} ${titleOf(status)}`,
    ...Object.entries(securityHeaders).map(([name, value]) => `${name}: ${value}`),
    `content-type: ${PROBLEM_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroySoon());
}

/** Of the default of Node.js. */
const HEADER_BYTES = 16_384;

function refusalOf(code: string, limits: HttpLimits): { refusal: LocopropError; status: number } {
  const of = (refusal: LocopropError, status = statusOf(refusal.code)) => ({ refusal, status });
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return of(new LocopropError('REQUEST_TOO_SLOW', { seconds: limits.headSeconds }));
    case 'HPE_HEADER_OVERFLOW':
      return of(new LocopropError('REQUEST_TOO_LARGE', { limit: HEADER_BYTES }), 431);
    default:
      return of(invalidRequest('it is no HTTP/1.1'));
  }
}
