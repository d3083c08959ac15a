import { z } from 'zod';
import { messageOf } from '../../../core/errors/message.js';
import { retryAfterMs } from '../../network/retry-after.js';
import type { MlflowAddress } from './address.js';

/** A request without an answer is given up then. */
const SILENCE_MS = 30_000;
/** However long a server asks to wait. */
const LONGEST_WAIT_MS = 60_000;
const LONGEST_REASON = 300;

/** That something was not done, and whether trying again may help. */
export class MlflowFailure extends Error {
  readonly passing: boolean;
  /** What the server asks to wait. */
  readonly waitMs: number;
  /** MLflow's own code, such as RESOURCE_DOES_NOT_EXIST; null where it is not MLflow that answered. */
  readonly code: string | null;

  constructor(
    message: string,
    {
      passing,
      waitMs = 0,
      code = null,
      cause,
    }: { passing: boolean; waitMs?: number; code?: string | null; cause?: unknown },
  ) {
    super(message, { cause });
    this.name = 'MlflowFailure';
    this.passing = passing;
    this.waitMs = waitMs;
    this.code = code;
  }
}

const errorSchema = z.object({ error_code: z.string(), message: z.string().default('') });

/** The REST interface of one tracking server. Every method throws MlflowFailure, or the signal's reason. */
export class MlflowServer {
  readonly #address: MlflowAddress;
  readonly #silenceMs: number;

  constructor(address: MlflowAddress, silenceMs = SILENCE_MS) {
    this.#address = address;
    this.#silenceMs = silenceMs;
  }

  get<Answer>(
    path: string,
    query: Readonly<Record<string, string>>,
    schema: z.ZodType<Answer>,
    signal: AbortSignal,
  ): Promise<Answer> {
    return this.#send(`${path}?${new URLSearchParams(query).toString()}`, { method: 'GET' }, schema, signal);
  }

  post<Answer>(path: string, body: object, schema: z.ZodType<Answer>, signal: AbortSignal): Promise<Answer> {
    return this.#send(path, { method: 'POST', body: JSON.stringify(body) }, schema, signal);
  }

  async #send<Answer>(
    path: string,
    request: RequestInit,
    schema: z.ZodType<Answer>,
    signal: AbortSignal,
  ): Promise<Answer> {
    const { url, authorization } = this.#address;
    const headers = {
      accept: 'application/json',
      ...(request.body !== undefined && { 'content-type': 'application/json' }),
      ...(authorization !== null && { authorization }),
    };
    const limits = AbortSignal.any([signal, AbortSignal.timeout(this.#silenceMs)]);
    let status: number;
    let text: string;
    let waitMs: number;
    try {
      // A redirected POST would become a GET.
      const own = { ...request, headers, signal: limits, redirect: 'manual' } as const;
      const response = await fetch(`${url}/api/2.0/mlflow/${path}`, own);
      status = response.status;
      waitMs = Math.min(LONGEST_WAIT_MS, retryAfterMs(response.headers.get('retry-after')));
      text = await response.text();
    } catch (cause) {
      signal.throwIfAborted();
      throw new MlflowFailure(reasonOf(cause), { passing: true, cause });
    }
    if (status < 200 || status >= 300) throw refusal(status, text, waitMs);
    const answer = schema.safeParse(parsed(text));
    if (answer.success) return answer.data;
    throw new MlflowFailure(`what answers there is not MLflow (${path})`, { passing: false });
  }
}

function refusal(status: number, text: string, waitMs: number): MlflowFailure {
  const { data } = errorSchema.safeParse(parsed(text));
  const said = data ? `${data.error_code}: ${data.message}` : `the answer has the status ${status}`;
  const passing = status >= 500 || status === 429 || status === 408;
  return new MlflowFailure(said.slice(0, LONGEST_REASON), {
    passing,
    waitMs,
    code: data?.error_code ?? null,
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The schema refuses it.
    return undefined;
  }
}

/** Node's `fetch` says only that it failed; why is in its cause, with a cause for each address of a name. */
function reasonOf(failure: unknown): string {
  if (failure instanceof AggregateError) return [...new Set(failure.errors.map(reasonOf))].join('; ');
  if (failure instanceof Error && failure.cause !== undefined) return reasonOf(failure.cause);
  return messageOf(failure);
}
