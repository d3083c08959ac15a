import { SpecRefusal, type FieldProblem } from '../errors/spec-refusal.js';
import { showProblem, type Problem } from './problems.js';

/** A page of problems is enough to start with. */
const MAX_SHOWN = 20;

/**
 * The refusal of a spec, with a line for each problem.
 *
 * @param source what the message calls the spec
 * @param problems those of fields, or texts about the spec as a whole
 */
export function refusedSpec(
  code: 'SPEC_INVALID' | 'COMPARE_INVALID',
  source: string,
  problems: readonly (Problem | string)[],
): SpecRefusal {
  const all = problems.map(fieldProblem);
  const unique = [...new Map(all.map((problem) => [problem.text, problem])).values()];
  const first = unique.slice(0, MAX_SHOWN);
  const left = unique.length - first.length;
  const lines = [...first.map(({ text }) => text), ...(left > 0 ? [`and ${left} more`] : [])];
  const details = {
    source,
    count: unique.length === 1 ? 'a problem' : `${unique.length} problems`,
    problems: lines.map((line) => `\n  ${line}`).join(''),
  };
  return new SpecRefusal(code, details, first);
}

const fieldProblem = (problem: Problem | string): FieldProblem =>
  typeof problem === 'string'
    ? { path: [], text: problem }
    : { path: problem.path, text: showProblem(problem) };
