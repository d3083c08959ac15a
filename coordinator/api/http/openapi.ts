import type { z } from 'zod';
import type { ErrorCode } from '../../../core/errors/catalogue.js';
import { parameterSchema, routeSchemas, type Json, type RouteSchemas } from './openapi-schemas.js';
import { PROBLEM_TYPE } from './problem.js';
import type { ResponseDescription, Route } from './route.js';
import { problem } from './schemas/problem.js';
import { statusOf } from './status.js';

/** What every request may be refused with. */
const always: readonly ErrorCode[] = [
  'REQUEST_INVALID',
  'REQUEST_TOO_SLOW',
  'RATE_LIMITED',
  'SERVICE_FAILED',
  'SERVICE_UNAVAILABLE',
  'STORE_UNAVAILABLE',
  'QUEUE_UNAVAILABLE',
];
const ofTokens: readonly ErrorCode[] = ['TOKEN_MISSING', 'TOKEN_INVALID', 'TOKEN_INSUFFICIENT'];

const errorsOf = ({ errors, role, body, method }: Route): readonly ErrorCode[] => [
  ...errors,
  ...(body ? (['REQUEST_TOO_LARGE'] as const) : []),
  // Also where a body is not looked at, what it is called is.
  ...(method === 'GET' ? [] : (['MEDIA_TYPE_UNKNOWN'] as const)),
  ...(role === null ? [] : ofTokens),
  ...always,
];

/** The description of the interface: OpenAPI 3.1, from the table of its routes. */
export function openApiDocument(
  routes: readonly Route[],
  { version, open }: { readonly version: string; readonly open: boolean },
): Json {
  const schemas = routeSchemas(routes);
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    (paths[route.path] ??= {})[route.method.toLowerCase()] = operation(route, schemas, open);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'locoprop coordinator',
      version,
      description: 'Submits, watches and steers training jobs. Every refusal is a problem of RFC 9457.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: schemas.components,
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'A token of the coordinator’s tokens file.' },
      },
    },
  };
}

function operation(route: Route, schemas: RouteSchemas, open: boolean): Json {
  const { id, summary, tag, body, role } = route;
  const needs = role === null ? '' : `Needs a token that allows to \`${role}\`.`;
  const description = [route.description ?? '', needs].filter(Boolean).join(' ');
  return {
    operationId: id,
    summary,
    ...(description !== '' && { description }),
    tags: [tag],
    security: role === null ? [] : open ? [{}, { token: [] }] : [{ token: [] }],
    parameters: [
      ...parameters('path', route.params),
      ...parameters('query', route.query),
      ...parameters('header', route.headers),
    ],
    ...(body && {
      requestBody: {
        description: body.description,
        required: true,
        content: contentOf(body.content, schemas),
      },
    }),
    responses: { ...responses(route, schemas) },
  };
}

const parameters = (place: 'path' | 'query' | 'header', { shape }: z.ZodObject): Json[] =>
  Object.entries(shape).map(([name, field]) => {
    const { schema, required } = parameterSchema(field as z.ZodType);
    const { description } = field as z.ZodType;
    return { name, in: place, ...(description !== undefined && { description }), required, schema };
  });

const contentOf = (content: Readonly<Record<string, z.ZodType | 'spec'>>, schemas: RouteSchemas): Json =>
  Object.fromEntries(Object.entries(content).map(([type, schema]) => [type, { schema: schemas.of(schema) }]));

function responses(route: Route, schemas: RouteSchemas): Record<string, Json> {
  const described: Record<string, Json> = {};
  for (const [status, response] of Object.entries(route.responses)) {
    described[status] = responseOf(response, schemas);
  }
  const codes = [...new Set(errorsOf(route))];
  for (const status of [...new Set(codes.map(statusOf))].sort((a, b) => a - b)) {
    const own = described[status];
    const refusals = codes.filter((code) => statusOf(code) === status);
    const text = refusals.map((code) => `\`${code}\``).join(', ');
    described[status] = {
      description: own ? `${String(own['description'])} Or refused: ${text}.` : `Refused: ${text}.`,
      content: { ...(own?.['content'] as Json), [PROBLEM_TYPE]: { schema: schemas.of(problem) } },
    };
  }
  return described;
}

const responseOf = ({ description, content, headers }: ResponseDescription, schemas: RouteSchemas): Json => ({
  description,
  ...(headers && {
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, text]) => [
        name,
        { description: text, schema: { type: 'string' } },
      ]),
    ),
  }),
  ...(content && { content: contentOf(content, schemas) }),
});
