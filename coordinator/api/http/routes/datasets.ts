import { z } from 'zod';
import { announcedDigest } from '../digest.js';
import { datasetId, fileName, none } from '../parameters.js';
import { json, route, type Route } from '../route.js';
import { dataset, datasetList } from '../schemas/resources.js';

const JSON_TYPE = 'application/json';
const tag = 'data sets';

const upload = route({
  id: 'uploadDataset',
  method: 'POST',
  path: '/v1/datasets',
  summary: 'Upload a data set',
  description: 'The body is the file itself, of any media type. The same bytes make the same data set.',
  tag,
  role: 'write',
  params: none,
  query: z.strictObject({ name: fileName.describe('The name of the file: its ending tells the format.') }),
  headers: z.object({
    'repr-digest': z
      .string()
      .max(1000)
      .optional()
      .describe('The SHA-256 that the file has, after RFC 9530: `sha-256=:…:`.'),
    'x-content-sha256': z
      .string()
      .regex(/^[0-9a-fA-F]{64}$/, 'it is no SHA-256 in hexadecimal')
      .optional()
      .describe('The same in hexadecimal.'),
  }),
  body: {
    description: 'The bytes of the file.',
    content: { 'application/octet-stream': z.string(), '*/*': z.string() },
  },
  responses: {
    201: {
      description: 'The data set, which is durable.',
      content: { [JSON_TYPE]: dataset },
      headers: { location: 'The path of the data set.' },
    },
  },
  errors: ['DATASET_TOO_LARGE', 'DATASET_DIGEST_MISMATCH', 'STORE_WRITE_FAILED'],
  handle: async ({ service, body, query: { name }, headers }) => {
    const digest = announcedDigest(headers['repr-digest'], headers['x-content-sha256']);
    const stored = await service.upload(body.chunks(), { name, digest });
    return json(stored, 201, { location: `/v1/datasets/${stored.id}` });
  },
});

const list = route({
  id: 'listDatasets',
  method: 'GET',
  path: '/v1/datasets',
  summary: 'The uploaded data sets',
  tag,
  role: 'read',
  params: none,
  query: z.strictObject({}),
  headers: none,
  responses: { 200: { description: 'The data sets.', content: { [JSON_TYPE]: datasetList } } },
  errors: [],
  handle: async ({ service }) => json({ datasets: await service.datasets() }),
});

const get = route({
  id: 'getDataset',
  method: 'GET',
  path: '/v1/datasets/{id}',
  summary: 'An uploaded data set',
  tag,
  role: 'read',
  params: datasetId,
  query: z.strictObject({}),
  headers: none,
  responses: { 200: { description: 'What is known of it.', content: { [JSON_TYPE]: dataset } } },
  errors: ['DATASET_UNKNOWN'],
  handle: async ({ service, params }) => json(await service.dataset(params.id)),
});

const remove = route({
  id: 'deleteDataset',
  method: 'DELETE',
  path: '/v1/datasets/{id}',
  summary: 'Delete an uploaded data set',
  tag,
  role: 'write',
  params: datasetId,
  query: z.strictObject({}),
  headers: none,
  responses: { 204: { description: 'It is gone.' } },
  errors: ['DATASET_UNKNOWN', 'DATASET_IN_USE'],
  handle: async ({ service, params }) => {
    await service.removeDataset(params.id);
    return { kind: 'empty', status: 204 };
  },
});

export const datasetRoutes: readonly Route[] = [upload, list, get, remove];
