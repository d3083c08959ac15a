import { access, signOut, token } from '../session.ts';
import type { Problem } from './types.ts';

/** A request that was refused, or had no answer. */
export class RequestError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
    this.name = 'RequestError';
  }
}

const unreachable: Problem = {
  status: 0,
  title: 'Not reachable',
  detail: 'The coordinator does not answer.',
  code: 'UNREACHABLE',
  remedy: 'It is asked again by and by.',
  retryable: true,
};

export interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal | undefined;
}

/** @throws RequestError; and what `signal` is aborted with */
export async function request(path: string, options: RequestOptions = {}): Promise<Response> {
  const { method = 'GET', headers = {}, body = null, signal = null } = options;
  const authorization = token.value === null ? {} : { authorization: `Bearer ${token.value}` };
  let response: Response;
  try {
    response = await fetch(path, { method, headers: { ...authorization, ...headers }, body, signal });
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new RequestError(unreachable);
  }
  if (response.ok) return response;
  const problem = await problemOf(response);
  if (response.status === 401 && access.value === 'granted') signOut(problem.detail);
  throw new RequestError(problem);
}

async function problemOf(response: Response): Promise<Problem> {
  const { status } = response;
  if (response.headers.get('content-type')?.startsWith('application/problem+json') === true)
    return (await response.json()) as Problem;
  // Something between the page and the coordinator has answered.
  const detail = `The answer is ${status} ${response.statusText}.`;
  return { ...unreachable, status, detail, retryable: status >= 500 };
}

export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await (await request(path, { signal })).json()) as T;
}

/** What went wrong, for people; null where a request was given up by the page itself. */
export function problemFrom(error: unknown): Problem | null {
  if (error instanceof RequestError) return error.problem;
  if (error instanceof DOMException && error.name === 'AbortError') return null;
  throw error;
}

export const jobPath = (id: string, rest = ''): string => `/v1/jobs/${encodeURIComponent(id)}${rest}`;

export const artifactPath = (id: string, name: string): string =>
  jobPath(id, `/artifacts/${name.split('/').map(encodeURIComponent).join('/')}`);

/** Has the browser save a file, which only a request with the token gets. */
export async function download(id: string, name: string): Promise<void> {
  const blob = await (await request(artifactPath(id, name))).blob();
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name.slice(name.lastIndexOf('/') + 1);
  link.click();
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
