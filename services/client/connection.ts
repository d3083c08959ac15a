import { messageOf } from '../../core/errors/message.js';
import { request as requestHttp, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Where a coordinator is, and how it is spoken to. */
export interface ServerAddress {
  readonly url: URL;
  readonly token: string | null;
  /** Certificates of the authorities to trust in place of the usual ones, PEM. */
  readonly ca: Uint8Array | null;
}

/** A body that can be sent again. */
export interface OutgoingBody {
  readonly type: string;
  readonly bytes: number;
  readonly open: () => Readable;
}

export interface OutgoingRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** From the root of the server, with the query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: OutgoingBody;
  readonly signal?: AbortSignal | undefined;
  /** Silence after which the connection counts as lost. */
  readonly silenceMs: number;
}

/** Failures that may pass without anybody doing something about them. */
const PASSING = 'ECONNREFUSED ECONNRESET EPIPE ETIMEDOUT EHOSTUNREACH ENETUNREACH ENETDOWN EAI_AGAIN'.split(
  ' ',
);

/** A connection that was not made, or broke. */
export class ConnectionFailure extends Error {
  /** Whether the server may have got the request. */
  readonly sent: boolean;
  /** Whether it may pass by itself. */
  readonly passing: boolean;
  /** The host is not known, as may be while it starts anew in a container. */
  readonly unknownHost: boolean;
  /** The authority that has signed the server's certificate is not known. */
  readonly untrusted: boolean;

  constructor(cause: unknown, sent: boolean) {
    super(textOf(cause), { cause });
    this.name = 'ConnectionFailure';
    this.sent = sent;
    const code = codeOf(cause);
    this.passing = PASSING.includes(code);
    this.unknownHost = code === 'ENOTFOUND';
    this.untrusted = WRONG_AUTHORITY.includes(code);
  }
}

const codeOf = (cause: unknown): string => {
  const first = cause instanceof AggregateError ? (cause.errors as unknown[])[0] : cause;
  return first instanceof Error && 'code' in first ? String(first.code) : '';
};

const WRONG_AUTHORITY = [
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
];

/** A name of several addresses fails with a failure for each. */
function textOf(cause: unknown): string {
  if (cause instanceof AggregateError) return [...new Set(cause.errors.map(textOf))].join('; ');
  const code = codeOf(cause);
  if (code.startsWith('HPE_')) return 'what answers there is no HTTP; gRPC and workers have other ports';
  if (code === 'EPROTO') return 'what answers there is no TLS; its address may begin with http://';
  if (WRONG_AUTHORITY.includes(code))
    return 'the authority that has signed its certificate is not known here';
  return messageOf(cause);
}

/**
 * Sends a request on a connection of its own, which no earlier one has left half-closed, and waits for the
 * head of the answer.
 *
 * @throws ConnectionFailure; the signal's reason
 */
export async function exchange(
  { url, token, ca }: ServerAddress,
  { method, path, headers, body, signal, silenceMs }: OutgoingRequest,
): Promise<IncomingMessage> {
  signal?.throwIfAborted();
  const options: RequestOptions = {
    method,
    agent: false,
    timeout: silenceMs,
    headers: {
      accept: 'application/json, application/problem+json',
      ...(token !== null && { authorization: `Bearer ${token}` }),
      ...(body && { 'content-type': body.type, 'content-length': String(body.bytes) }),
      ...headers,
    },
    ...(signal && { signal }),
  };
  const target = new URL(`${url.pathname.replace(/\/+$/, '')}${path}`, url);
  const request =
    target.protocol === 'https:'
      ? requestHttps(target, { ...options, ...(ca && { ca: Buffer.from(ca) }) })
      : requestHttp(target, options);
  let sent = false;
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown): void =>
      reject(signal?.aborted ? (signal.reason as Error) : new ConnectionFailure(cause, sent));
    request.once('socket', (socket) => {
      socket.once(target.protocol === 'https:' ? 'secureConnect' : 'connect', () => {
        sent = true;
        socket.setKeepAlive(true, 15_000);
      });
    });
    request.on('timeout', () => {
      const silent = new Error(`nothing came for ${silenceMs / 1000} s`);
      request.destroy(Object.assign(silent, { code: 'ETIMEDOUT' }));
    });
    request.on('error', fail);
    request.once('response', resolve);
    if (!body) {
      request.end();
      return;
    }
    const source = body.open();
    source.once('error', (cause) => {
      // The file is at fault, not the connection.
      reject(cause);
      request.destroy();
    });
    // What ends it early is told by the request itself.
    pipeline(source, request).catch(fail);
  });
}

/**
 * The chunks of an answer's body, whole.
 * @throws ConnectionFailure where it ends early; the signal's reason
 */
export async function* chunksOf(answer: IncomingMessage, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of answer as AsyncIterable<Uint8Array>) yield chunk;
  } catch (cause) {
    signal?.throwIfAborted();
    throw new ConnectionFailure(cause, true);
  }
  signal?.throwIfAborted();
  if (!answer.complete)
    throw new ConnectionFailure(Object.assign(new Error('it broke'), { code: 'ECONNRESET' }), true);
}
