import { z } from 'zod';
import type { Part } from './part.js';

const parameter = z.strictObject({
  default: z.number().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  exclusiveMaximum: z.number().optional(),
  description: z.string(),
});

const rule = z.custom<(...args: never[]) => unknown>(
  (value) => typeof value === 'function',
  'must be a function',
);

const base = {
  name: z.string().regex(/^[a-z][a-z0-9_]*$/, 'must be lower-case letters, digits and underscores'),
  parameters: z.record(z.string(), parameter).default({}),
};

const schema = z.discriminatedUnion('kind', [
  z.strictObject({
    ...base,
    kind: z.literal('transfer'),
    value: rule,
    pullback: rule,
    potential: rule.optional(),
    elementwise: z.boolean(),
  }),
  z.strictObject({
    ...base,
    kind: z.literal('loss'),
    transfer: z.string().optional(),
    value: rule,
    gradient: rule,
    sample: z.strictObject({ noise: z.enum(['uniform', 'normal']), labels: rule }).optional(),
  }),
  z.strictObject({
    ...base,
    kind: z.literal('localLoss'),
    output: z.enum(['preactivation', 'postactivation']),
    gradient: rule,
    value: rule,
    quadratic: z.boolean().optional(),
  }),
  z.strictObject({ ...base, kind: z.literal('target'), displacement: rule }),
  z.strictObject({ ...base, kind: z.literal('regularizer'), weights: rule, bias: rule }),
  z.strictObject({
    ...base,
    kind: z.literal('optimizer'),
    parameters: base.parameters.refine((parameters) => 'learningRate' in parameters, {
      message: 'must have a learningRate, which the schedules multiply',
    }),
    slots: rule,
    update: rule,
  }),
]);

/**
 * Checks what a plugin exports.
 * @throws TypeError with what is wrong with it
 */
export function checkPart(exported: unknown): Part {
  const { success, data, error } = schema.safeParse(exported);
  if (success) return data as unknown as Part;
  const problems = error.issues.map(({ path, message }) => `${path.join('.') || 'the export'}: ${message}`);
  throw new TypeError(`it is not a part: ${problems.join('; ')}`);
}
