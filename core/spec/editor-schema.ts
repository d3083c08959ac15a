import { longFormSchema, mapSchema, namesOf, type JsonSchema } from './json-schema.js';
import { defaultLocalParts } from './local-schema.js';
import type { PartCatalogue, PartKind } from './part-catalogue.js';

/** Bounds of every whole number say nothing, and what a nullable field is, is that of the field. */
export function simplified(schema: JsonSchema): JsonSchema {
  const { minimum, maximum, ...rest } = schema;
  const [first, second] = schema.anyOf ?? [];
  const description = schema.description ?? (second?.type === 'null' ? first?.description : undefined);
  return {
    ...rest,
    ...(description !== undefined && { description }),
    ...(minimum !== undefined && minimum !== Number.MIN_SAFE_INTEGER && { minimum }),
    ...(maximum !== undefined && maximum !== Number.MAX_SAFE_INTEGER && { maximum }),
  };
}

/** A choice by name that may also be given by the name alone. */
const shortened = ({ oneOf = [], ...rest }: JsonSchema): JsonSchema => ({
  ...rest,
  anyOf: [{ enum: namesOf(oneOf) }, ...oneOf],
});

/** A part: of the catalogue or, under another name, of a plugin. */
const openPart = ({ oneOf = [], ...rest }: JsonSchema): JsonSchema => ({
  ...rest,
  anyOf: [
    { enum: namesOf(oneOf) },
    { type: 'string', description: 'A part of a plugin.' },
    ...oneOf,
    {
      type: 'object',
      description: 'A part of a plugin.',
      properties: { name: { type: 'string', not: { enum: namesOf(oneOf) } } },
      required: ['name'],
      additionalProperties: { type: 'number' },
    },
  ],
});

/** A part of a local problem, which without a name stays the one it is. */
function namelessPart({ anyOf = [], ...rest }: JsonSchema): JsonSchema {
  const fields = anyOf.flatMap(({ properties = {} }) => Object.entries(properties));
  // Bounds and defaults depend on the part.
  const hyperparameters = fields
    .filter(([key]) => key !== 'name')
    .map(([key, { description = '' }]) => [key, { type: 'number', description }] as const);
  const nameless: JsonSchema = {
    type: 'object',
    description: 'Hyperparameters that differ.',
    properties: Object.fromEntries(hyperparameters),
    not: { required: ['name'] },
    additionalProperties: { type: 'number' },
  };
  return { ...rest, anyOf: [...anyOf, nameless] };
}

const partKinds: readonly PartKind[] = [
  'transfer',
  'loss',
  'localLoss',
  'target',
  'regularizer',
  'optimizer',
];

/** The kinds that a local problem names; its `loss` is a local loss. */
const localKinds = Object.keys(defaultLocalParts).map((field) => (field === 'loss' ? 'localLoss' : field));

/**
 * The JSON Schema (draft 2020-12) of specs as people write them. Names of parts that it does not know
 * are allowed, for plugins may define them.
 */
export function editorSchema(catalogue: PartCatalogue): JsonSchema {
  const { $defs = {}, ...schema } = mapSchema(longFormSchema(catalogue), simplified);
  const parts = partKinds.map((kind) => {
    const part = openPart($defs[kind] ?? {});
    return [kind, localKinds.includes(kind) ? namelessPart(part) : part] as const;
  });
  return {
    ...schema,
    $defs: { ...$defs, ...Object.fromEntries(parts), schedule: shortened($defs['schedule'] ?? {}) },
  };
}
