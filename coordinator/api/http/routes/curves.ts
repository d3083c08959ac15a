import { z } from 'zod';
import { LEAST_POINTS, type CurveRequest } from '../../../service/job-service.js';
import { jobId, none, wholeNumber } from '../parameters.js';
import { json, route, type Route } from '../route.js';
import { jobConfusion, jobMetrics, jobSteps } from '../schemas/resources.js';

const JSON_TYPE = 'application/json';
const tag = 'jobs';

const MAX_POINTS = 100_000;

const curve = z.strictObject({
  points: wholeNumber(LEAST_POINTS, MAX_POINTS)
    .optional()
    .describe(
      'At most so many: the first, the last and, of each of many stretches, those with the least and the greatest loss. All where it is not given.',
    ),
  from: wholeNumber(0, 999_999_999).optional().describe('Only from this step on.'),
  to: wholeNumber(0, 999_999_999).optional().describe('Only up to this step.'),
});

const curveOf = ({ points, from, to }: z.infer<typeof curve>): CurveRequest => ({
  points: points ?? null,
  from: from ?? null,
  to: to ?? null,
});

const metrics = route({
  id: 'getJobMetrics',
  method: 'GET',
  path: '/v1/jobs/{id}/metrics',
  summary: 'The metrics of each epoch of a job',
  tag,
  role: 'read',
  params: jobId,
  query: curve,
  headers: none,
  responses: { 200: { description: 'The metrics.', content: { [JSON_TYPE]: jobMetrics } } },
  errors: ['JOB_UNKNOWN'],
  handle: async ({ service, params, query }) =>
    json({ metrics: await service.metrics(params.id, curveOf(query)) }),
});

const steps = route({
  id: 'getJobSteps',
  method: 'GET',
  path: '/v1/jobs/{id}/steps',
  summary: 'The loss of each step of a job',
  tag,
  role: 'read',
  params: jobId,
  query: curve,
  headers: none,
  responses: { 200: { description: 'The steps.', content: { [JSON_TYPE]: jobSteps } } },
  errors: ['JOB_UNKNOWN'],
  handle: async ({ service, params, query }) =>
    json({ steps: await service.steps(params.id, curveOf(query)) }),
});

const confusion = route({
  id: 'getJobConfusion',
  method: 'GET',
  path: '/v1/jobs/{id}/confusion',
  summary: 'The confusion matrix of a classifier',
  tag,
  role: 'read',
  params: jobId,
  query: z.strictObject({}),
  headers: none,
  responses: {
    200: { description: 'The matrix of the last evaluation.', content: { [JSON_TYPE]: jobConfusion } },
  },
  errors: ['JOB_UNKNOWN'],
  handle: async ({ service, params }) => json({ confusion: await service.confusion(params.id) }),
});

export const curveRoutes: readonly Route[] = [metrics, steps, confusion];
