import { z } from 'zod';
import { invalidRequest } from '../problem.js';
import { none } from '../parameters.js';
import { json, route, type Route } from '../route.js';
import { alive, logLevel, readiness } from '../schemas/resources.js';

const JSON_TYPE = 'application/json';
/** Of Prometheus' text format. */
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
const tag = 'operations';

const livez = route({
  id: 'livez',
  method: 'GET',
  path: '/livez',
  summary: 'Whether the process answers',
  tag,
  role: null,
  params: none,
  query: none,
  headers: none,
  responses: { 200: { description: 'It does.', content: { [JSON_TYPE]: alive } } },
  errors: [],
  handle: ({ facilities: { version } }) => json({ alive: true, version }),
});

const readyz = route({
  id: 'readyz',
  method: 'GET',
  path: '/readyz',
  summary: 'Whether jobs can be taken and run',
  tag,
  role: null,
  params: none,
  query: none,
  headers: none,
  responses: {
    200: { description: 'They can.', content: { [JSON_TYPE]: readiness } },
    503: { description: 'They cannot now; the checks say why.', content: { [JSON_TYPE]: readiness } },
  },
  errors: [],
  handle: async ({ service }) => {
    const state = await service.readiness();
    return json(state, state.ready ? 200 : 503);
  },
});

const setLogLevel = route({
  id: 'setLogLevel',
  method: 'PUT',
  path: '/v1/log-level',
  summary: "Set the level of the coordinator's log",
  tag,
  role: 'admin',
  params: none,
  query: z.strictObject({}),
  headers: none,
  body: { description: 'The level.', content: { [JSON_TYPE]: logLevel } },
  responses: { 200: { description: 'The level that holds now.', content: { [JSON_TYPE]: logLevel } } },
  errors: [],
  handle: async ({ facilities, body }) => {
    const { success, data, error } = logLevel.safeParse(await body.json());
    if (!success) throw invalidRequest(`the body: ${error.issues[0]!.message}`);
    facilities.setLogLevel(data.level);
    return json(data);
  },
});

/** @param open whether it needs no token */
const metrics = (open: boolean): Route =>
  route({
    id: 'metrics',
    method: 'GET',
    path: '/metrics',
    summary: 'The metrics of the coordinator, for Prometheus',
    tag,
    role: open ? null : 'read',
    params: none,
    query: none,
    headers: none,
    responses: {
      200: { description: 'In the text format of Prometheus.', content: { 'text/plain': z.string() } },
    },
    errors: [],
    handle: async ({ facilities: { metricsText } }) => ({
      kind: 'text',
      type: METRICS_TYPE,
      text: metricsText === null ? '' : await metricsText(),
    }),
  });

/** @param document the description of the interface, as text */
const openapi = (document: () => string): Route =>
  route({
    id: 'openapi',
    method: 'GET',
    path: '/openapi.json',
    summary: 'The description of this interface',
    tag,
    role: null,
    params: none,
    query: none,
    headers: none,
    responses: { 200: { description: 'OpenAPI 3.1.', content: { [JSON_TYPE]: z.looseObject({}) } } },
    errors: [],
    handle: () => ({ kind: 'text', type: JSON_TYPE, text: document() }),
  });

export const operationRoutes = (options: {
  readonly openMetrics: boolean;
  readonly document: () => string;
}): readonly Route[] => [livez, readyz, metrics(options.openMetrics), openapi(options.document), setLogLevel];
