import { describe, expect, it } from 'vitest';
import { answersAsDescribed, documentOf, validator } from './description-suite.js';
import { MemoryService, someWorker } from '../support/memory-service.js';
import { operationsOf, type Document } from './random-requests.js';
import { call, openApi, SPEC, submit } from './support.js';

/** Every value of a document, with where it stands. */
function* valuesOf(value: unknown, path = ''): Generator<readonly [string, unknown]> {
  yield [path, value];
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) yield* valuesOf(inner, `${path}/${key}`);
}

describe('the description of the interface', () => {
  it('is OpenAPI 3.1, whose references lead somewhere and whose names are given once', async () => {
    const document = await documentOf(await openApi(new MemoryService()));
    expect(document.openapi).toBe('3.1.0');
    const { schemas } = document.components;
    const references = [...valuesOf(document)]
      .filter(([path]) => path.endsWith('/$ref'))
      .map(([, to]) => String(to));
    for (const reference of references) {
      const [, name = ''] = /^#\/components\/schemas\/(.+)$/.exec(reference) ?? [];
      expect(schemas, reference).toHaveProperty([name]);
    }
    expect(references).toContain('#/components/schemas/JobSpec');
    for (const name of Object.keys(schemas)) expect(name).toMatch(/^[A-Za-z0-9._-]+$/);

    const operations = operationsOf(document);
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { path, operation } of operations) {
      const inPath = operation.parameters.filter((one) => one.in === 'path').map(({ name }) => name);
      expect(inPath).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
      for (const parameter of operation.parameters)
        expect(parameter.required || parameter.in !== 'path').toBe(true);
      expect(Object.keys(operation.responses).length).toBeGreaterThan(3);
    }
  });

  it('has schemas that are such, and knows a good spec from a bad one', async () => {
    const document = await documentOf(await openApi(new MemoryService()));
    const ajv = validator(document);
    for (const name of Object.keys(document.components.schemas)) {
      expect(ajv.getSchema(`openapi#/components/schemas/${name}`), name).toBeTypeOf('function');
    }
    const spec = ajv.getSchema('openapi#/components/schemas/JobSpec')!;
    const { data, network, training } = {
      data: { train: { dataset: 'curves', examples: 64 } },
      network: { layers: [{ units: 784, transfer: 'sigmoid' }], loss: 'sigmoid_cross_entropy' },
      training: { epochs: 1 },
    };
    expect(spec({ data, network, training })).toBe(true);
    expect(spec({ data, network, training, colour: 'red' })).toBe(false);
  });

  it('tells which routes need no token, and that none does where the service is open', async () => {
    const securityOf = (document: Document) =>
      operationsOf(document)
        .filter(({ operation }) => operation.security.length === 0)
        .map(({ path }) => path);
    expect(securityOf(await documentOf(await openApi(new MemoryService())))).toEqual([
      '/livez',
      '/readyz',
      '/openapi.json',
    ]);
    const open = await documentOf(await openApi(new MemoryService(), { tokens: null }));
    expect(open.paths['/v1/jobs']!['get']!.security).toEqual([{}, { token: [] }]);
  });
});

answersAsDescribed('the interface', async () => {
  const service = new MemoryService();
  const api = await openApi(service, { limits: { rate: null } });
  const ids = [await submit(api), await submit(api, SPEC.replace('small', 'other'))];
  service.start(ids[0]!);
  service.workerViews.push(someWorker());
  service.files.set('summary.json', Buffer.from('{}'));
  service.complete(ids[0]!);
  const upload = await call(api, 'POST', '/v1/datasets?name=a.npy', { body: 'abc' });
  return { api, known: [...ids, 'summary.json', 'item-1', (upload.json as { id: string }).id] };
});
