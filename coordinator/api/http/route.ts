import type { z } from 'zod';
import type { ErrorCode } from '../../../core/errors/catalogue.js';
import type { TokenRole } from '../../../services/security/token-file.js';
import type { JobService } from '../../service/job-service.js';
import type { IncomingBody } from './incoming-body.js';
import { invalidRequest } from './problem.js';
import type { HttpFacilities } from './options.js';

/** What a route answers when nothing is wrong. */
export type Answer =
  | { readonly kind: 'json'; readonly status: number; readonly value: unknown; readonly headers?: Headers }
  | { readonly kind: 'empty'; readonly status: number }
  | { readonly kind: 'text'; readonly type: string; readonly text: string }
  /** Sent as fast as the client reads it; what has come no further waits in `content`. */
  | {
      readonly kind: 'stream';
      readonly status: number;
      readonly headers: Headers;
      readonly content: AsyncIterable<string | Uint8Array>;
    };

export type Headers = Readonly<Record<string, string>>;

export const json = (value: unknown, status = 200, headers: Headers = {}): Answer => ({
  kind: 'json',
  status,
  value,
  headers,
});

/** A request as it came, before it is checked. */
export interface RawExchange {
  readonly params: unknown;
  readonly query: unknown;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: IncomingBody;
  readonly service: JobService;
  readonly facilities: HttpFacilities;
  /** A signal of its own for an answer that goes on: given once the client is gone or the server closes. */
  readonly openStream: () => AbortSignal;
}

/** How an answer of a status looks. */
export interface ResponseDescription {
  readonly description: string;
  /** The media type and the schema of what it carries; none where it is empty. */
  readonly content?: Readonly<Record<string, z.ZodType>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a request may carry. */
export interface BodyDescription {
  readonly description: string;
  /** `spec` stands for the schema of job specs. */
  readonly content: Readonly<Record<string, z.ZodType | 'spec'>>;
}

type Shape = z.ZodObject;

export interface RouteDefinition<P extends Shape, Q extends Shape, H extends Shape> {
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** As OpenAPI has it. A last parameter that `rest` names takes all that is left of the path. */
  readonly path: string;
  readonly rest?: string;
  readonly summary: string;
  readonly description?: string;
  readonly tag: string;
  /** What a token must allow; null where none is needed. */
  readonly role: TokenRole | null;
  readonly params: P;
  readonly query: Q;
  readonly headers: H;
  readonly body?: BodyDescription;
  readonly responses: Readonly<Record<number, ResponseDescription>>;
  /** What it may be refused with, besides what all routes are. */
  readonly errors: readonly ErrorCode[];
  /** Whether its answer may go on for as long as the client likes. */
  readonly streams?: true;
  readonly handle: (
    exchange: Omit<RawExchange, 'params' | 'query' | 'headers'> & {
      readonly params: z.infer<P>;
      readonly query: z.infer<Q>;
      readonly headers: z.infer<H>;
    },
  ) => Promise<Answer> | Answer;
}

/** A route of the table, whatever its parameters are. */
export interface Route extends Omit<RouteDefinition<Shape, Shape, Shape>, 'handle'> {
  /** @throws LocopropError REQUEST_INVALID where a parameter is wrong, and what the service throws */
  readonly answer: (exchange: RawExchange) => Promise<Answer>;
}

export function route<P extends Shape, Q extends Shape, H extends Shape>({
  handle,
  ...definition
}: RouteDefinition<P, Q, H>): Route {
  const { params, query, headers } = definition;
  return {
    ...definition,
    answer: async (exchange) =>
      handle({
        ...exchange,
        params: checked(params, exchange.params, 'path'),
        query: checked(query, exchange.query, 'query'),
        headers: checked(headers, exchange.headers, 'header'),
      }),
  };
}

/** The first thing that is wrong is told: they are few, and one is mended at a time. */
function checked<S extends Shape>(schema: S, value: unknown, place: string): z.infer<S> {
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  const issue = error.issues[0]!;
  if (issue.code === 'unrecognized_keys')
    throw invalidRequest(`there is no ${place} parameter ${issue.keys[0]!}`);
  throw invalidRequest(`${place} parameter ${issue.path.join('.')}: ${issue.message}`);
}
