import { z } from 'zod';
import { Parts } from '../../../core/parts/registry.js';
import { editorSchema } from '../../../core/spec/editor-schema.js';
import type { Route } from './route.js';
import { problem } from './schemas/problem.js';

export type Json = Readonly<Record<string, unknown>>;

const COMPONENTS = '#/components/schemas/';
const SPEC = 'JobSpec';

/** A schema of JSON with its references turned, and without what only editors read. */
function turned(schema: unknown, reference: (name: string) => string): unknown {
  if (Array.isArray(schema)) return schema.map((one) => turned(one, reference));
  if (typeof schema !== 'object' || schema === null) return schema;
  const entries = Object.entries(schema).filter(([key]) => key !== 'patternErrorMessage' && key !== 'id');
  return Object.fromEntries(
    entries.map(([key, value]) =>
      key === '$ref' && typeof value === 'string'
        ? [key, COMPONENTS + reference(value.replace('#/$defs/', ''))]
        : [key, key === 'properties' ? turnedFields(value, reference) : turned(value, reference)],
    ),
  );
}

/** Fields have names of their own, which may be those of keywords. */
const turnedFields = (fields: unknown, reference: (name: string) => string): Json =>
  Object.fromEntries(
    Object.entries(fields as Json).map(([name, schema]) => [name, turned(schema, reference)]),
  );

/** The schemas of a table of routes: those with names as components, and each where it is used. */
export interface RouteSchemas {
  readonly components: Json;
  of(schema: z.ZodType | 'spec'): Json;
}

export function routeSchemas(routes: readonly Route[]): RouteSchemas {
  const used = new Set<z.ZodType>([problem]);
  for (const { responses, body } of routes) {
    for (const { content = {} } of Object.values(responses))
      Object.values(content).forEach((one) => used.add(one));
    for (const schema of Object.values(body?.content ?? {})) if (schema !== 'spec') used.add(schema);
  }
  const all = [...used];
  const fields = Object.fromEntries(all.map((schema, index) => [`field${index}`, schema]));
  // As the input has it, objects may grow further fields later.
  const { $defs = {}, properties = {} } = z.toJSONSchema(z.object(fields), { io: 'input' });
  const same = (name: string): string => name;
  const places = new Map(
    all.map((schema, index) => [schema, turned(properties[`field${index}`], same) as Json]),
  );
  return {
    components: { ...turnedFields($defs, same), ...specSchemas() },
    of: (schema) => (schema === 'spec' ? { $ref: COMPONENTS + SPEC } : places.get(schema)!),
  };
}

/** The schema of job specs, which is one of its own, under names that nothing else has. */
function specSchemas(): Json {
  const { $defs = {}, ...root } = editorSchema(new Parts());
  const { $schema: _, ...spec } = root as Json;
  const named = (name: string): string => `${SPEC}.${name}`;
  const parts = Object.entries($defs).map(([name, schema]) => [named(name), turned(schema, named)] as const);
  return Object.fromEntries([[SPEC, turned(spec, named)], ...parts]);
}

/** A parameter: as the value that it stands for, and whether it must be there. */
export function parameterSchema(schema: z.ZodType): { readonly schema: Json; readonly required: boolean } {
  const { $schema: _, description: __, ...rest } = z.toJSONSchema(schema, { io: 'output' });
  return { schema: turned(rest, (name) => name) as Json, required: !schema.safeParse(undefined).success };
}
