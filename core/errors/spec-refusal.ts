import type { ErrorCode } from './catalogue.js';
import { LocopropError, type ErrorDetails } from './error.js';

/** One thing that is wrong with a spec. */
export interface SpecProblem {
  /** The field, as `network.layers.2.units`; empty where the spec as a whole is meant. */
  readonly path: string;
  /** Of the text of the spec, from 1; null where that is not known. */
  readonly line: number | null;
  /** What is wrong, in one line, with the path where there is one. */
  readonly text: string;
}

/** A problem before it is known where the text has it. */
export interface FieldProblem {
  readonly path: readonly PropertyKey[];
  readonly text: string;
}

/** Why a spec is refused, problem by problem. */
export class SpecRefusal extends LocopropError {
  /** As many as the message has. */
  readonly fields: readonly FieldProblem[];
  /** The same, once the text was looked at; none before that. */
  readonly problems: readonly SpecProblem[];

  constructor(
    code: ErrorCode,
    details: ErrorDetails,
    fields: readonly FieldProblem[],
    problems: readonly SpecProblem[] = [],
    options?: ErrorOptions,
  ) {
    super(code, details, options);
    this.fields = fields;
    this.problems = problems;
  }
}
