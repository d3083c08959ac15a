import { z } from 'zod';
import { LocopropError } from '../errors/error.js';
import type { JobSpec, LocalSpec } from './job-spec.js';
import type { PartCatalogue } from './part-catalogue.js';
import { describeIssue, DISCRIMINATOR, showPath, showValue } from './problem.js';
import { jobSchema } from './schema.js';

/**
 * Checks a spec and fills in every default.
 * @throws LocopropError SPEC_INVALID, which lists every problem
 */
export function parseSpec(data: unknown, catalogue: PartCatalogue): JobSpec {
  const result = jobSchema(catalogue, 'check').safeParse(data);
  if (!result.success) {
    const known = keysFinder(catalogue);
    throw invalid(result.error.issues.flatMap((issue) => describeIssue(issue, data, known)));
  }
  const spec = result.data as unknown as JobSpec;
  const problems = contradictions(spec, catalogue);
  if (problems.length > 0) throw invalid(problems);
  return spec;
}

export const invalid = (problems: readonly string[]): LocopropError =>
  new LocopropError('SPEC_INVALID', {
    count: problems.length === 1 ? 'a problem' : `${problems.length} problems`,
    problems: problems.map((problem) => `\n  ${problem}`).join(''),
  });

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
}

/** The alternatives of a schema, however nested. */
const variants = (schema: JsonSchema): JsonSchema[] =>
  [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap(variants).concat(schema);

/** Finds which keys, or which names of variants, a place in a spec may have, from the JSON Schema. */
function keysFinder(catalogue: PartCatalogue): (path: readonly PropertyKey[]) => string[] {
  const root = jobJsonSchema(catalogue);
  return (path) => {
    const named = path.at(-1) === DISCRIMINATOR;
    let places = variants(root);
    for (const key of named ? path.slice(0, -1) : path) {
      places = places.flatMap((place) => {
        const inner = typeof key === 'number' ? place.items : place.properties?.[String(key)];
        return inner ? variants(inner) : [];
      });
    }
    const names = named
      ? places.flatMap((place) => [place.const, ...(place.enum ?? [])])
      : places.flatMap((place) => Object.keys(place.properties ?? {}));
    return [...new Set(names.filter((name) => typeof name === 'string'))];
  };
}

/** The JSON Schema (draft 2020-12) of specs as people write them. */
export const jobJsonSchema = (catalogue: PartCatalogue): JsonSchema =>
  z.toJSONSchema(jobSchema(catalogue, 'describe'), { io: 'input' }) as JsonSchema;

/** What is wrong with fields that are each right by themselves. */
function contradictions(spec: JobSpec, catalogue: PartCatalogue): string[] {
  const { network, training } = spec;
  const problems: string[] = [];
  const needed = catalogue.transferOfLoss(network.loss.name);
  const last = network.layers.at(-1)!;
  if (needed !== undefined && last.transfer.name !== needed) {
    const where = showPath(['network', 'layers', network.layers.length - 1, 'transfer']);
    problems.push(
      `${where} is ${showValue(last.transfer.name)}; the loss ${network.loss.name} needs ${needed}`,
    );
  }
  if (training.stopAfterEpochs !== undefined && training.stopAfterEpochs > training.epochs) {
    problems.push(
      `training.stopAfterEpochs is ${training.stopAfterEpochs}; it must be at most training.epochs, ${training.epochs}`,
    );
  }
  if (training.algorithm === 'locoprop') {
    network.layers.forEach((layer, index) => {
      const where = layer.local ? `network.layers[${index}].local` : 'local';
      problems.push(...localContradictions(where, { ...spec.local, ...layer.local }, catalogue));
    });
  }
  return [...new Set(problems)];
}

function localContradictions(where: string, local: LocalSpec, catalogue: PartCatalogue): string[] {
  const quadratic = catalogue.isQuadratic(local.loss.name);
  const problems: string[] = [];
  if (local.solver === 'exact' && !(quadratic && local.regularizer.name === 'proximal')) {
    problems.push(`${where}.solver is "exact"; that needs the loss squared and the regularizer proximal`);
  }
  if (local.form === 'gram' && !quadratic) {
    problems.push(`${where}.form is "gram"; that needs the loss squared, not ${local.loss.name}`);
  }
  return problems;
}
