import { z } from 'zod';
import type { SpecProblem } from '../../../../core/errors/spec-refusal.js';

const specProblem = z
  .object({
    path: z
      .string()
      .describe('The field, as `network.layers.2.units`; empty where the spec as a whole is meant.'),
    line: z.int().min(1).nullable().describe('Of the text of the spec; null where that is not known.'),
    text: z.string().describe('What is wrong.'),
  })
  .meta({
    id: 'SpecProblem',
    description: 'One thing that is wrong with a spec.',
  }) satisfies z.ZodType<SpecProblem>;

/** RFC 9457, with the fields of an error of the catalogue besides. */
export const problem = z
  .object({
    type: z.string().describe('`urn:locoprop:error:` and the code.'),
    title: z.string().describe('The status in words.'),
    status: z.int(),
    detail: z.string().describe('What went wrong.'),
    code: z.string().describe('Of the catalogue of errors.'),
    remedy: z.string().describe('What can be done about it.'),
    retryable: z.boolean().describe('Whether the same request may succeed later without a change.'),
    problems: z
      .array(specProblem)
      .optional()
      .describe('Of a spec that is refused: each thing that is wrong with it, of many the first.'),
    instance: z.string().describe('The request: `urn:uuid:` and its id, as in the header x-request-id.'),
  })
  .meta({ id: 'Problem', description: 'Why a request was refused (RFC 9457).' });

export type Problem = z.infer<typeof problem>;
