import type { Json } from './openapi-schemas.js';

/** Of specs the page knows no fields. */
const LEFT_OUT = /^JobSpec(\.|$)/;

/** The schemas of an OpenAPI document as types of TypeScript, for programs that are built with this one. */
export function schemaTypes(document: Json): string {
  const { schemas } = document['components'] as { readonly schemas: Readonly<Record<string, Json>> };
  const types = Object.entries(schemas)
    .filter(([name]) => !LEFT_OUT.test(name))
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, schema]) => `${comment(schema)}export type ${name} = ${typeOf(schema)};\n`);
  return ['/* Written by `npm run docs` from the description of the HTTP interface. */\n', ...types].join(
    '\n',
  );
}

const comment = ({ description }: Json): string =>
  typeof description === 'string' ? `/** ${description} */\n` : '';

const isSchema = (value: unknown): value is Json => typeof value === 'object' && value !== null;

function typeOf(schema: Json): string {
  const { $ref, const: constant, enum: words, anyOf, oneOf, type, items } = schema;
  if (typeof $ref === 'string') return $ref.slice($ref.lastIndexOf('/') + 1);
  if (constant !== undefined) return JSON.stringify(constant);
  if (Array.isArray(words)) return words.map((word) => JSON.stringify(word)).join(' | ');
  const choice = anyOf ?? oneOf;
  if (Array.isArray(choice)) return choice.map((one) => typeOf(one as Json)).join(' | ');
  if (Array.isArray(type)) return type.map((one: unknown) => typeOf({ ...schema, type: one })).join(' | ');
  switch (type) {
    case 'string':
    case 'boolean':
    case 'null':
      return type;
    case 'number':
    case 'integer':
      return 'number';
    case 'array':
      return `readonly (${isSchema(items) ? typeOf(items) : 'unknown'})[]`;
    case 'object':
      return objectType(schema);
    default:
      return 'unknown';
  }
}

function objectType({ properties = {}, required = [], additionalProperties: others }: Json): string {
  const fields = Object.entries(properties as Readonly<Record<string, Json>>).map(([name, schema]) => {
    const optional = (required as readonly string[]).includes(name) ? '' : '?';
    return `${comment(schema)}readonly ${JSON.stringify(name)}${optional}: ${typeOf(schema)};`;
  });
  const rest = isSchema(others) ? [`readonly [field: string]: ${typeOf(others)};`] : [];
  return `{\n${[...fields, ...rest].join('\n')}\n}`;
}
