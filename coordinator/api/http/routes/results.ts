import { z } from 'zod';
import { extname } from 'node:path';
import { MAX_PAST_SOLVES } from '../../../cluster/solve-history.js';
import { exportFormats } from '../../../export/export-network.js';
import { whichCheckpoints } from '../../../trained-run.js';
import { artifactName, id, jobId, none, wholeNumber } from '../parameters.js';
import { invalidRequest } from '../problem.js';
import { json, route, type Route } from '../route.js';
import { artifactList, workerList } from '../schemas/resources.js';

const JSON_TYPE = 'application/json';
const OCTETS = 'application/octet-stream';

const artifacts = route({
  id: 'listArtifacts',
  method: 'GET',
  path: '/v1/jobs/{id}/artifacts',
  summary: 'The files of a job',
  tag: 'jobs',
  role: 'read',
  params: jobId,
  query: z.strictObject({}),
  headers: none,
  responses: { 200: { description: 'The files.', content: { [JSON_TYPE]: artifactList } } },
  errors: ['JOB_UNKNOWN'],
  handle: async ({ service, params }) => json({ artifacts: await service.artifacts(params.id) }),
});

const exportRequest = z
  .strictObject({
    format: z.enum(exportFormats),
    checkpoint: z.enum(whichCheckpoints).default('latest'),
  })
  .meta({ id: 'ExportRequest', description: 'What is to be written for other programs.' });

const exportJob = route({
  id: 'exportJob',
  method: 'POST',
  path: '/v1/jobs/{id}/exports',
  summary: 'Write the network of a job for other programs',
  description:
    'It is answered once the files are written, which then are among the files of the job. An earlier export in the same format is replaced.',
  tag: 'jobs',
  role: 'write',
  params: jobId,
  query: z.strictObject({}),
  headers: none,
  body: { description: 'The format, and which checkpoint.', content: { [JSON_TYPE]: exportRequest } },
  responses: {
    201: {
      description: 'The files; last, the one that programs open.',
      content: { [JSON_TYPE]: artifactList },
    },
  },
  errors: ['JOB_UNKNOWN', 'JOB_CHANGED', 'STORE_NO_CHECKPOINT', 'EXPORT_UNSUPPORTED'],
  handle: async ({ service, params, body }) => {
    const { success, data, error } = exportRequest.safeParse(await body.json());
    if (!success) throw invalidRequest(`the body: ${error.issues[0]!.message}`);
    return json({ artifacts: await service.export(params.id, data) }, 201);
  },
});

const types: Readonly<Record<string, string>> = {
  '.json': JSON_TYPE,
  '.jsonl': 'application/jsonl',
  '.yaml': 'application/yaml',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.md': 'text/markdown; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
};

const download = route({
  id: 'downloadArtifact',
  method: 'GET',
  path: '/v1/jobs/{id}/artifacts/{name}',
  rest: 'name',
  summary: 'A file of a job',
  tag: 'jobs',
  role: 'read',
  params: z.object({ id, name: artifactName }),
  query: z.strictObject({}),
  headers: none,
  responses: {
    200: {
      description: 'The file. Its type follows from its name.',
      content: { '*/*': z.string().describe('Its bytes.') },
      headers: { 'content-length': 'Its size.', 'content-disposition': 'The last part of its name.' },
    },
  },
  errors: ['JOB_UNKNOWN', 'ARTIFACT_UNKNOWN'],
  handle: async ({ service, params }) => {
    const { file, content } = await service.openArtifact(params.id, params.name);
    return {
      kind: 'stream',
      status: 200,
      headers: {
        'content-type': types[extname(file.name).toLowerCase()] ?? OCTETS,
        'content-length': String(file.bytes),
        'content-disposition': attachment(file.name),
      },
      content,
    };
  },
});

/** After RFC 6266; `filename` in ASCII for those that know no other. */
export function attachment(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"${plain === name ? '' : `; filename*=UTF-8''${encoded}`}`;
}

const workers = route({
  id: 'listWorkers',
  method: 'GET',
  path: '/v1/workers',
  summary: 'The workers attached to this coordinator',
  tag: 'workers',
  role: 'read',
  params: none,
  query: z.strictObject({
    timeline: wholeNumber(0, MAX_PAST_SOLVES)
      .default(0)
      .describe('How many of the last problems of each are told.'),
  }),
  headers: none,
  responses: { 200: { description: 'The workers.', content: { [JSON_TYPE]: workerList } } },
  errors: [],
  handle: ({ service, query }) => json({ workers: service.workers(query.timeline) }),
});

export const resultRoutes: readonly Route[] = [artifacts, exportJob, download, workers];
