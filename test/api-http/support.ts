import { request, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import type { LoggedItem } from '#coordinator/api/http/log-stream.js';
import type { HttpApi, HttpApiOptions, HttpLimits, RequestEntry } from '#coordinator/api/http/options.js';
import { openHttpApi } from '#coordinator/api/http/server.js';
import type { JobService } from '#coordinator/service/job-service.js';
import { newToken, type TokenRole } from '#services/security/token-file.js';
import { fixedTokens } from '#services/security/tokens.js';
import { SPEC } from '../support/small-spec.js';

import { until } from '../support/until.js';

export { SPEC, until };

export const TOKENS: Readonly<Record<TokenRole, string>> = {
  read: newToken(),
  write: newToken(),
  admin: newToken(),
};

export interface Api extends HttpApi {
  readonly log: RequestEntry[];
  readonly failures: { readonly requestId: string; readonly error: unknown }[];
  readonly levels: string[];
}

/** An API of the service on a free port, which closes when the test ends. */
export async function openApi(
  service: JobService,
  { limits, ...options }: Partial<Omit<HttpApiOptions, 'limits'>> & { limits?: Partial<HttpLimits> } = {},
): Promise<Api> {
  const log: RequestEntry[] = [];
  const failures: Api['failures'] = [];
  const levels: string[] = [];
  const api = await openHttpApi({
    service,
    address: '127.0.0.1:0',
    tls: null,
    tokens: fixedTokens(
      Object.entries(TOKENS).map(([role, token]) => ({
        role: role as TokenRole,
        token,
        name: `the ${role}er`,
      })),
    ),
    log: { request: (entry) => log.push(entry), failure: (entry) => failures.push(entry) },
    logLine,
    setLogLevel: (level) => levels.push(level),
    metricsText: () => Promise.resolve('# TYPE up gauge\nup 1\n'),
    version: '1.2.3',
    ...options,
    ...(limits && { limits }),
  });
  onTestFinished(() => api.close());
  return { ...api, log, failures, levels };
}

function logLine(item: LoggedItem, context: { job: string; attempt?: number }) {
  const level = item.event.type === 'step.done' ? ('debug' as const) : ('info' as const);
  return { level, event: item.event.type, ...context };
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: unknown;
}

export interface Call {
  /** A token, or null for none. */
  readonly token?: string | null;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Buffer;
}

/** Sends a request with its path as it stands, which `fetch` would tidy up. */
export async function call(
  api: HttpApi,
  method: string,
  path: string,
  { token = TOKENS.admin, headers = {}, body }: Call = {},
): Promise<Reply> {
  const { hostname, port } = new URL(api.url);
  return new Promise((resolve, reject) => {
    const authorization = token === null ? {} : { authorization: `Bearer ${token}` };
    const sent = request(
      { hostname, port, method, path, agent: false, headers: { ...authorization, ...headers } },
      (response) => {
        textOf(response).then((text) => {
          const { statusCode = 0, headers: got } = response;
          const json: unknown =
            /json\b/.test(got['content-type'] ?? '') &&
            text !== '' &&
            !/jsonl/.test(got['content-type'] ?? '')
              ? JSON.parse(text)
              : undefined;
          resolve({ status: statusCode, headers: got, text, json });
        }, reject);
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

export const YAML = { 'content-type': 'application/yaml' };

/** Submits the small spec. @returns the job's id */
export async function submit(api: HttpApi, spec = SPEC): Promise<string> {
  const { json } = await call(api, 'POST', '/v1/jobs', { headers: YAML, body: spec });
  return (json as { id: string }).id;
}

/**
 * Sends bytes as they are, in pieces with pauses between them; gives all that comes back until the end.
 *
 * @param afterwards sent once the state of a job has come
 */
export async function sendRaw(
  api: HttpApi,
  pieces: readonly string[],
  pauseMs = 0,
  afterwards?: string,
): Promise<{ readonly status: number; readonly head: string; readonly body: string }> {
  const { hostname, port } = new URL(api.url);
  const socket = connect(Number(port), hostname).setEncoding('utf8');
  const answer = { text: '' };
  socket.on('data', (data: string) => (answer.text += data));
  const ended = new Promise<void>((resolve, reject) => {
    socket.on('close', () => resolve());
    socket.on('error', (error) => (answer.text === '' ? reject(error) : resolve()));
  });
  for (const piece of pieces) {
    if (answer.text !== '') break;
    socket.write(piece);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  if (afterwards !== undefined) {
    await until(() => answer.text.includes('event: job\n'));
    socket.write(afterwards);
  }
  await ended;
  const [head = '', ...rest] = answer.text.split('\r\n\r\n');
  const body = rest.join('\r\n\r\n');
  return { status: Number(head.split(' ')[1]), head, body };
}
