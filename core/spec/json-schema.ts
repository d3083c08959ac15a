import { z } from 'zod';
import { jobSchema } from './job-schema.js';
import type { PartCatalogue } from './part-catalogue.js';
import { isMap, type Path } from './plain-value.js';

/** The keywords of JSON Schema (draft 2020-12) that a job spec's schema has. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly patternErrorMessage?: string;
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly not?: JsonSchema;
}

/** The schema of specs in the long form. */
export const longFormSchema = (catalogue: PartCatalogue): JsonSchema =>
  // A field that must be absent has no JSON Schema of its own; `not` says it.
  z.toJSONSchema(jobSchema(catalogue), { io: 'input', unrepresentable: 'any' }) as JsonSchema;

/** A copy of a schema with every schema within it replaced, the innermost first. */
export function mapSchema(schema: JsonSchema, replace: (schema: JsonSchema) => JsonSchema): JsonSchema {
  const inner = (value: JsonSchema): JsonSchema => mapSchema(value, replace);
  const record = (schemas: Readonly<Record<string, JsonSchema>>): Record<string, JsonSchema> =>
    Object.fromEntries(Object.entries(schemas).map(([key, value]) => [key, inner(value)]));
  return replace({
    ...schema,
    ...(schema.$defs && { $defs: record(schema.$defs) }),
    ...(schema.properties && { properties: record(schema.properties) }),
    ...(schema.items && { items: inner(schema.items) }),
    ...(schema.anyOf && { anyOf: schema.anyOf.map(inner) }),
    ...(schema.oneOf && { oneOf: schema.oneOf.map(inner) }),
  });
}

/** The schema behind a reference. */
export function dereferenced(root: JsonSchema, schema: JsonSchema): JsonSchema {
  if (schema.$ref === undefined) return schema;
  const target = root.$defs?.[schema.$ref.replace('#/$defs/', '')];
  if (!target) throw new TypeError(`the schema has no ${schema.$ref}`);
  const { $ref: _, ...own } = schema;
  return { ...target, ...own };
}

/** What a schema allows, each alternative by itself. */
export function alternatives(root: JsonSchema, schema: JsonSchema): JsonSchema[] {
  const { anyOf, oneOf, ...rest } = dereferenced(root, schema);
  const options = anyOf ?? oneOf;
  return options ? options.flatMap((option) => alternatives(root, option)) : [rest];
}

/** Values of the field that tells a union's alternatives apart; undefined where it has another. */
export const selectorValues = ({ enum: values, const: value }: JsonSchema): readonly unknown[] | undefined =>
  values ?? (value === undefined ? undefined : [value]);

const SELECTORS = ['name', 'dataset'];

/** Whether a map is meant to be this alternative: by the field that tells, else by those it needs. */
function isMeant(alternative: JsonSchema, value: unknown): boolean {
  if (!isMap(value)) return true;
  const selector = SELECTORS.find((key) => alternative.properties?.[key] && value[key] !== undefined);
  if (selector === undefined) return (alternative.required ?? []).every((key) => Object.hasOwn(value, key));
  return selectorValues(alternative.properties![selector]!)?.includes(value[selector]) ?? false;
}

/** The alternatives with fields or entries that a value is meant to be; all where none stands out. */
export function meantAlternatives(root: JsonSchema, schema: JsonSchema, value: unknown): JsonSchema[] {
  const options = alternatives(root, schema).filter(
    ({ properties, items, additionalProperties }) => properties ?? items ?? additionalProperties,
  );
  const meant = options.filter((option) => isMeant(option, value));
  return meant.length > 0 ? meant : options;
}

/** The schema of an entry of a list, of a field, or of any key of a map whose keys are free. */
function entrySchema(
  { items, properties, additionalProperties }: JsonSchema,
  key: PropertyKey,
): JsonSchema | undefined {
  if (typeof key === 'number') return items;
  return (
    properties?.[String(key)] ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined)
  );
}

/** The schemas that hold for a place in a document, several where a union above leaves it open. */
export function schemasAt(root: JsonSchema, path: Path, data: unknown): JsonSchema[] {
  let schemas = [root];
  let value = data;
  for (const key of path) {
    schemas = schemas
      .flatMap((schema) => meantAlternatives(root, schema, value))
      .flatMap((schema) => entrySchema(schema, key) ?? [])
      .filter(({ not }) => !not);
    value = isMap(value) || Array.isArray(value) ? (value as Record<PropertyKey, unknown>)[key] : undefined;
  }
  return schemas;
}

/** The fields that a map may have at a place. */
export const fieldsOf = (root: JsonSchema, schemas: readonly JsonSchema[], value: unknown): string[] => [
  ...new Set(
    schemas
      .flatMap((schema) => meantAlternatives(root, schema, value))
      .flatMap(({ properties = {} }) => Object.keys(properties).filter((key) => !properties[key]?.not)),
  ),
];

/** The names of the alternatives of a choice by `name`. */
export const namesOf = (options: readonly JsonSchema[]): string[] =>
  options
    .flatMap(({ properties }) => selectorValues(properties?.['name'] ?? {}) ?? [])
    .filter((name) => typeof name === 'string');
