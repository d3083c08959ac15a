import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { text as textOf } from 'node:stream/consumers';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { HttpApi } from '#coordinator/api/http/options.js';
import {
  operationsOf,
  randomRequests,
  type Document,
  type RandomRequest,
  type RandomSubject,
} from './random-requests.js';
import { call } from './support.js';

export const documentOf = async (api: HttpApi): Promise<Document> =>
  (await call(api, 'GET', '/openapi.json', { token: null })).json as Document;

/** Knows the schemas of a description, under the name `openapi`. */
export function validator(document: Document): Ajv2020 {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  ajv.addSchema(document, 'openapi');
  return ajv;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string | null;
}

/** Streams are not waited for: their head is what counts. */
const send = (api: HttpApi, { method, path, token, headers, body }: RandomRequest): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(api.url);
    const authorization = token === null ? {} : { authorization: `Bearer ${token}` };
    // Node.js would not say that there is a body where there is usually none.
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const sent = request(
      { hostname, port, method, path, agent: false, headers: { ...authorization, ...length, ...headers } },
      (response) => {
        const { statusCode: status = 0 } = response;
        const [type = ''] = (response.headers['content-type'] ?? '').split(';');
        if (type === 'text/event-stream' || type === 'application/jsonl') {
          response.destroy();
          resolve({ status, type, text: null });
        } else textOf(response).then((text) => resolve({ status, type, text }), reject);
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });

const requests = Number(process.env['RANDOM_REQUESTS'] ?? 500);

/** Random requests from the description never fail a service, and it answers as described. */
export function answersAsDescribed(name: string, open: () => Promise<RandomSubject>): void {
  it(
    `${name} answers any request as the description says, and never fails`,
    { timeout: 30_000 + requests * 100 },
    async () => {
      const { api, known } = await open();
      const document = await documentOf(api);
      const ajv = validator(document);
      const schemas = new Map<string, ValidateFunction>();
      const fits = (place: string): ValidateFunction => {
        const compiled = schemas.get(place) ?? ajv.compile({ $ref: `openapi#${place}` });
        schemas.set(place, compiled);
        return compiled;
      };
      const places = new Map(
        operationsOf(document).map(({ path, method, operation }) => [
          operation.operationId,
          `/paths/${path.replaceAll('~', '~0').replaceAll('/', '~1').replaceAll('{', '%7B').replaceAll('}', '%7D')}/${method.toLowerCase()}`,
        ]),
      );
      const seed = randomBytes(4).readInt32LE();
      console.info(`seed ${seed}`);
      const statuses = new Set<number>();
      await fc.assert(
        fc.asyncProperty(randomRequests(document, known), async (sent) => {
          const { status, type, text } = await send(api, sent);
          statuses.add(status);
          expect(status).toBeLessThan(500);
          const described = sent.operation.responses[status];
          expect(described, `${sent.operation.operationId} ${status}`).toBeDefined();
          const types = Object.keys(described!.content ?? {});
          if (types.length === 0) expect(text).toBe('');
          else if (!types.includes('*/*') || status !== 200) expect(types).toContain(type);
          if (text === null || !/json$/.test(type) || !types.includes(type)) return;
          const escaped = type.replaceAll('/', '~1');
          const place = `${places.get(sent.operation.operationId)!}/responses/${status}/content/${escaped}/schema`;
          const check = fits(place);
          expect(check(JSON.parse(text)), JSON.stringify(check.errors)).toBe(true);
        }),
        { seed, numRuns: requests },
      );
      for (const status of [200, 201, 400, 401, 403, 404]) expect([...statuses]).toContain(status);
    },
  );
}
