import fc from 'fast-check';
import type { HttpApi } from '#coordinator/api/http/options.js';
import { SPEC, TOKENS } from './support.js';

export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: JsonSchema;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly schema: JsonSchema;
}

export interface Operation {
  readonly operationId: string;
  readonly security: readonly unknown[];
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: JsonSchema }>> }>
  >;
}

export interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
}

export interface RandomRequest {
  readonly method: string;
  readonly path: string;
  readonly token: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer | undefined;
  readonly operation: Operation;
}

export const operationsOf = ({ paths }: Document) =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );

/** Text of a parameter as its schema allows it. */
function fitting(schema: JsonSchema): fc.Arbitrary<string> {
  if (schema.enum) return fc.constantFrom(...schema.enum.map(String));
  if (schema.type === 'boolean') return fc.constantFrom('true', 'false');
  if (schema.type === 'integer')
    return fc.integer({ min: schema.minimum ?? 0, max: schema.maximum ?? 1000 }).map(String);
  if (schema.items) return fc.array(fitting(schema.items), { maxLength: 3 }).map((texts) => texts.join(','));
  // Names of files say what they are not.
  if (schema.pattern?.includes('\\p')) return fc.stringMatching(/^[a-z][a-z0-9. -]{0,20}(\/[a-z]{1,5})?$/);
  return schema.pattern === undefined ? fc.string() : fc.stringMatching(new RegExp(schema.pattern));
}

/** Mostly what fits, and mostly of what there is; else anything. */
const textOf = (schema: JsonSchema, known: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 4, arbitrary: fitting(schema) },
    { weight: 6, arbitrary: fc.constantFrom(...known) },
    { weight: 1, arbitrary: fc.string({ unit: 'grapheme' }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom('..', '-1', '0', '1e9', 'null', '%', "' or 1=1", '\u0000', '🙂', '../../x'),
    },
  );

const rarely = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });

const mostly = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 1, arbitrary: fc.constant(undefined) }, { weight: 9, arbitrary });

const parameterOf = ({ required, in: place, schema }: Parameter, known: readonly string[]) => {
  const text = textOf(schema, known);
  // Without it, the path would be another one.
  if (place === 'path') return text.filter((one) => one !== '');
  return required ? mostly(text) : rarely(text);
};

const good = fc.constantFrom(SPEC, SPEC.replace('epochs: 1', 'epochs: 2'));

const bodies: fc.Arbitrary<string | Buffer> = fc.oneof(
  { weight: 8, arbitrary: good },
  { weight: 2, arbitrary: fc.constantFrom('', 'null', '{"level":"debug"}', '[]', 'a: *b') },
  { weight: 1, arbitrary: fc.json() },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme' }) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
  // The good one, with a piece of it replaced.
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.nat(SPEC.length), fc.nat(20), fc.string({ maxLength: 5 }))
      .map(([start, length, text]) => SPEC.slice(0, start) + text + SPEC.slice(start + length)),
  },
);

/** Any request that the description of an interface leads to, right and wrong ones. */
export function randomRequests(document: Document, known: readonly string[]): fc.Arbitrary<RandomRequest> {
  const operations = operationsOf(document);
  return fc.constantFrom(...operations).chain(({ path, method, operation }) => {
    const { parameters, requestBody } = operation;
    const types = Object.keys(requestBody?.content ?? {});
    return fc
      .record({
        values: fc.tuple(...parameters.map((parameter) => parameterOf(parameter, known))),
        body: requestBody ? mostly(bodies) : rarely(bodies),
        type: fc.oneof(
          { weight: 8, arbitrary: fc.constantFrom(...types, 'application/json') },
          {
            weight: 1,
            arbitrary: fc.constantFrom(
              'text/plain',
              'multipart/form-data',
              'application/json; charset=utf-16',
              '*/*',
              ';',
            ),
          },
        ),
        token: fc.oneof(
          { weight: 12, arbitrary: fc.constant(TOKENS.admin) },
          { weight: 3, arbitrary: fc.constantFrom(TOKENS.read, TOKENS.write, null, 'lp_wrong') },
        ),
        another: rarely(fc.tuple(fc.constantFrom('x', 'follow', 'limit'), fc.string({ unit: 'grapheme' }))),
      })
      .map(({ values, body, type, token, another }) => {
        const texts = parameters.map((parameter, index) => ({ ...parameter, text: values[index] }));
        const of = (place: Parameter['in']) =>
          texts.flatMap((one) =>
            one.in === place && one.text !== undefined ? [[one.name, one.text] as const] : [],
          );
        const inPath = new Map(of('path'));
        const query = [...of('query'), ...(another ? [another] : [])]
          .map((pair) => pair.map(encodeURIComponent).join('='))
          .join('&');
        const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(inPath.get(name)!));
        const headers = of('header').map(
          ([name, text]) => [name, text.replace(/[^\x20-\x7e]/g, '')] as const,
        );
        return {
          method,
          path: query === '' ? filled : `${filled}?${query}`,
          token,
          headers: { ...Object.fromEntries(headers), ...(body !== undefined && { 'content-type': type }) },
          body,
          operation,
        };
      });
  });
}

/** An interface under random requests. */
export interface RandomSubject {
  readonly api: HttpApi;
  /** Ids, names and cursors of what there is. */
  readonly known: readonly string[];
}
