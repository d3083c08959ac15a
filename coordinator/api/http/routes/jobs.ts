import { z } from 'zod';
import { jobStates } from '../../../../core/job/states.js';
import { parseJson, type IncomingBody } from '../incoming-body.js';
import { cursor, jobId, none, wholeNumber, words } from '../parameters.js';
import { json, route, type Route } from '../route.js';
import { checkedSpec, jobDetails, jobPage, jobView } from '../schemas/job.js';

const JSON_TYPE = 'application/json';
const SPEC_TYPES = ['application/yaml', 'text/yaml', JSON_TYPE] as const;

const tag = 'jobs';
const of = (description: string, schema: z.ZodType) => ({ description, content: { [JSON_TYPE]: schema } });

const specErrors = [
  'SPEC_SYNTAX',
  'SPEC_INVALID',
  'PLUGIN_FAILED',
  'JOB_PATH_REFUSED',
  'DATASET_UNKNOWN',
] as const;

const specBody = {
  description: 'The spec of the job, in YAML or JSON. An uploaded data set is `file: upload:<sha256>`.',
  content: Object.fromEntries(SPEC_TYPES.map((type) => [type, 'spec' as const])),
};

async function specText(body: IncomingBody): Promise<string> {
  const text = await body.text(SPEC_TYPES);
  // YAML has JSON in it, so the service would take either for either.
  if (body.type === JSON_TYPE) parseJson(text);
  return text;
}

const submit = route({
  id: 'submitJob',
  method: 'POST',
  path: '/v1/jobs',
  summary: 'Submit a job',
  description:
    'It is answered once the job is durable. The same spec under the same key makes no second job.',
  tag,
  role: 'write',
  params: none,
  query: z.strictObject({}),
  headers: z.object({
    'idempotency-key': z
      .string()
      .regex(/^[\x21-\x7e]{1,255}$/, 'it is not 1 to 255 visible ASCII characters')
      .optional()
      .describe('Of the client’s own, another for each job: a submit that is repeated makes no second one.'),
  }),
  body: specBody,
  responses: {
    201: { ...of('The job, which is new.', jobDetails), headers: { location: 'The path of the job.' } },
    200: {
      ...of('The job, which there was already.', jobDetails),
      headers: { location: 'The path of the job.' },
    },
  },
  errors: [...specErrors, 'JOB_KEY_REUSED'],
  handle: async ({ service, body, headers }) => {
    const text = await specText(body);
    const idempotencyKey = headers['idempotency-key'] ?? null;
    const { job, created } = await service.submit({ text, source: 'The spec', idempotencyKey });
    return json(job, created ? 201 : 200, { location: `/v1/jobs/${job.id}` });
  },
});

const validate = route({
  id: 'validateSpec',
  method: 'POST',
  path: '/v1/specs/validate',
  summary: 'Check a spec, and make no job of it',
  description:
    'It is checked as a submit does, with the files, data sets and plugins that it names. A refusal lists the `problems`, each with its line.',
  tag,
  // Plugins are run to check it.
  role: 'write',
  params: none,
  query: z.strictObject({}),
  headers: none,
  body: specBody,
  responses: { 200: of('Nothing is wrong with it.', checkedSpec) },
  errors: specErrors,
  handle: async ({ service, body }) =>
    json({ spec: await service.validate({ text: await specText(body), source: 'The spec' }) }),
});

const list = route({
  id: 'listJobs',
  method: 'GET',
  path: '/v1/jobs',
  summary: 'List jobs, the newest first',
  tag,
  role: 'read',
  params: none,
  query: z.strictObject({
    state: words(jobStates).describe('Only jobs in one of these states.'),
    limit: wholeNumber(1, 500).default(100).describe('Jobs of a page.'),
    cursor: cursor.optional().describe('`next` of the page before.'),
  }),
  headers: none,
  responses: { 200: of('A page of jobs.', jobPage) },
  errors: ['CURSOR_INVALID'],
  handle: async ({ service, query }) =>
    json(await service.list({ states: query.state, limit: query.limit, cursor: query.cursor ?? null })),
});

const get = route({
  id: 'getJob',
  method: 'GET',
  path: '/v1/jobs/{id}',
  summary: 'A job',
  tag,
  role: 'read',
  params: jobId,
  query: z.strictObject({}),
  headers: none,
  responses: { 200: of('The job, with its spec and its history.', jobDetails) },
  errors: ['JOB_UNKNOWN'],
  handle: async ({ service, params }) => json(await service.get(params.id)),
});

const change = (verb: 'pause' | 'resume' | 'cancel', summary: string): Route =>
  route({
    id: `${verb}Job`,
    method: 'POST',
    path: `/v1/jobs/{id}/${verb}`,
    summary,
    tag,
    role: 'write',
    params: jobId,
    query: z.strictObject({}),
    headers: none,
    responses: { 200: of('The job as it is now; a running one takes a moment to follow.', jobView) },
    errors: ['JOB_UNKNOWN', 'JOB_STATE_CONFLICT', 'JOB_CHANGED'],
    handle: async ({ service, params }) => json(await service[verb](params.id)),
  });

const remove = route({
  id: 'deleteJob',
  method: 'DELETE',
  path: '/v1/jobs/{id}',
  summary: 'Delete a job that has ended, with its files',
  tag,
  // Whoever may submit jobs may clean up after himself.
  role: 'write',
  params: jobId,
  query: z.strictObject({}),
  headers: none,
  responses: { 204: { description: 'It is gone.' } },
  errors: ['JOB_UNKNOWN', 'JOB_STATE_CONFLICT', 'JOB_CHANGED'],
  handle: async ({ service, params }) => {
    await service.remove(params.id);
    return { kind: 'empty', status: 204 };
  },
});

export const jobRoutes: readonly Route[] = [
  submit,
  validate,
  list,
  get,
  change('pause', 'Pause a job'),
  change('resume', 'Resume a job that is paused or has failed'),
  change('cancel', 'Cancel a job'),
  remove,
];
