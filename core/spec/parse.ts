import { contradictions } from './contradictions.js';
import { expandSpec, isInherited } from './expand.js';
import { jobSchema } from './job-schema.js';
import type { JobSpec } from './job-spec.js';
import { longFormSchema } from './json-schema.js';
import { unfitDocument } from './limits.js';
import type { PartCatalogue } from './part-catalogue.js';
import { valueAt, type Path } from './plain-value.js';
import { findProblems, type Problem } from './problems.js';
import { refusedSpec } from './refused-spec.js';

/**
 * Checks a spec and fills in every default.
 *
 * @param data what a YAML or JSON file holds
 * @param catalogue the parts that it may name
 * @param source what messages call it
 * @throws SpecRefusal SPEC_INVALID, which lists every problem
 */
export function parseSpec(data: unknown, catalogue: PartCatalogue, source = 'The spec'): JobSpec {
  const unfit = unfitDocument(data);
  if (unfit !== undefined) throw refusedSpec('SPEC_INVALID', source, [unfit]);
  const expanded = expandSpec(data);
  const { success, data: spec, error } = jobSchema(catalogue).safeParse(expanded);
  if (!success) {
    const problems = findProblems(longFormSchema(catalogue), expanded, error.issues)
      .filter(({ path }) => !isInherited(data, path))
      .map((problem) => asWritten(problem, data));
    throw refusedSpec('SPEC_INVALID', source, problems);
  }
  const contradicting = contradictions(spec, catalogue);
  if (contradicting.length > 0) throw refusedSpec('SPEC_INVALID', source, contradicting);
  return spec;
}

/** The problem of a part given by its name alone is told of that name. */
function asWritten(problem: Problem, data: unknown): Problem {
  const above: Path = problem.path.slice(0, -1);
  const isName = problem.path.at(-1) === 'name' && typeof valueAt(data, above) === 'string';
  return isName ? { ...problem, path: above } : problem;
}
