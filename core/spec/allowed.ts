import { alternatives, fieldsOf, namesOf, selectorValues, type JsonSchema } from './json-schema.js';

const unique = (texts: readonly string[]): string[] => [...new Set(texts)];

/** 2⁵³ − 1, which bounds every whole number, says nothing. */
const told = (bound: number | undefined): boolean =>
  bound !== undefined && Math.abs(bound) !== Number.MAX_SAFE_INTEGER;

function valueRange({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema): string {
  if (told(minimum) && told(maximum)) return ` from ${minimum} to ${maximum}`;
  const bounds = [
    ['at least', minimum],
    ['above', exclusiveMinimum],
    ['at most', maximum],
    ['below', exclusiveMaximum],
  ] as const;
  const given = bounds.filter(([, bound]) => told(bound)).map(([words, bound]) => `${words} ${bound}`);
  return given.length === 0 ? '' : `, ${given.join(' and ')}`;
}

/** A map: by its fields or, for a choice between several maps, by what tells them apart. */
function allowedMaps(root: JsonSchema, maps: readonly JsonSchema[]): string {
  const selectors = unique(maps.flatMap(({ required = [] }) => required.slice(0, 1)));
  if (maps.length === 1) return `a map with the fields ${fieldsOf(root, maps, undefined).join(', ')}`;
  const choices = selectors.map((selector) => {
    const values = maps.flatMap(({ properties }) => selectorValues(properties?.[selector] ?? {}) ?? []);
    return values.length > 0 ? `${selector} (${values.join(', ')})` : selector;
  });
  return `a map with ${choices.join(' or ')}`;
}

function allowedSimple(schema: JsonSchema): string {
  const values = selectorValues(schema);
  if (values) return values.join(', ');
  switch (schema.type) {
    case 'integer':
      return `a whole number${valueRange(schema)}`;
    case 'number':
      return `a finite number${valueRange(schema)}`;
    case 'string':
      return (
        schema.patternErrorMessage ?? `a text of ${schema.minLength ?? 0} to ${schema.maxLength} characters`
      );
    case 'boolean':
      return 'true or false';
    case 'object':
      return 'a map';
    case 'array':
      return `a list of ${schema.minItems ?? 0} to ${schema.maxItems} entries`;
    default:
      return schema.type ?? 'nothing';
  }
}

/** What may stand at a place, in words; names stand in a list. */
export function allowedAt(root: JsonSchema, schemas: readonly JsonSchema[]): string {
  const options = schemas.flatMap((schema) => alternatives(root, schema));
  const maps = options.filter(({ properties }) => properties);
  const names = namesOf(maps);
  const simple = unique(options.filter(({ properties }) => !properties).map(allowedSimple));
  const texts = [
    ...(names.length > 0 ? [names.join(', ')] : maps.length > 0 ? [allowedMaps(root, maps)] : []),
    ...simple,
  ];
  const separator = schemas.length > 1 && simple.length === texts.length ? ', ' : ' or ';
  return texts.join(separator);
}

/** The words that may stand at a place, for the search of a near miss. */
export const wordsAt = (root: JsonSchema, schemas: readonly JsonSchema[]): string[] =>
  schemas
    .flatMap((schema) => alternatives(root, schema))
    .flatMap((option) => selectorValues(option.properties?.['name'] ?? option) ?? [])
    .filter((value) => typeof value === 'string');
