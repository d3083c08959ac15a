import { z } from 'zod';
import type { PartReference } from './job-spec.js';
import type { ParameterSpec, PartCatalogue, PartKind } from './part-catalogue.js';

function hyperparameter(parameter: ParameterSpec): z.ZodType<number, number | undefined> {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = parameter;
  let schema = z.number();
  if (minimum !== undefined) schema = schema.min(minimum);
  if (maximum !== undefined) schema = schema.max(maximum);
  if (exclusiveMinimum !== undefined) schema = schema.gt(exclusiveMinimum);
  if (exclusiveMaximum !== undefined) schema = schema.lt(exclusiveMaximum);
  const described = schema.describe(parameter.description);
  return parameter.default === undefined ? described : described.default(parameter.default);
}

const partOfName = (name: string, parameters: Readonly<Record<string, ParameterSpec>>) =>
  z.strictObject({
    name: z.literal(name),
    ...Object.fromEntries(Object.entries(parameters).map(([key, value]) => [key, hyperparameter(value)])),
  });

/**
 * A part of one kind in its long form: its name and its hyperparameters, those left out taking their
 * defaults.
 */
export function partSchema(
  catalogue: PartCatalogue,
  kind: PartKind,
  description: string,
): z.ZodType<PartReference, PartReference> {
  const [first, ...others] = catalogue
    .names(kind)
    .map((name) => partOfName(name, catalogue.parameters(kind, name) ?? {}));
  if (!first) throw new TypeError(`the catalogue has no ${kind}`);
  const schema: z.ZodType = z.discriminatedUnion('name', [first, ...others]);
  // The shapes are known at run time only; each has a name and numbers.
  return schema.meta({ id: kind, description }) as z.ZodType<PartReference, PartReference>;
}
