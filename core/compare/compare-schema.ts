import { z } from 'zod';
import { filePath, wholeNumber } from '../spec/fields.js';

/** Fields of a job spec by their path, as `--set` has them. */
const settings = (description: string) =>
  z.record(z.string().min(1).max(1000), z.unknown()).default({}).describe(description);

const values = z.union([
  z.array(z.unknown()).min(1).max(1000),
  z.strictObject({
    from: z.number().gt(0).describe('The first value.'),
    to: z.number().gt(0).describe('The last value.'),
    count: wholeNumber('How many values, both ends included; each is the same factor from the next.', {
      minimum: 2,
      maximum: 1000,
    }),
  }),
]);

const contender = z.strictObject({
  name: z
    .string()
    .regex(/^[\p{L}\p{N}][\p{L}\p{N} .,+()/-]{0,23}$/u)
    .meta({
      description: 'What the figure and the tables call it; its folder is named after it.',
      patternErrorMessage: 'up to 24 letters, digits, spaces and .,+()/-, the first one a letter or digit',
    }),
  set: settings(
    'What it sets of the job spec, by path, as `--set` does: `local.optimizer.learningRate: 0.01`.',
  ),
  search: z
    .record(z.string().min(1).max(1000), values)
    .default({})
    .describe(
      'Paths to the values that are tried, a list or `{ from, to, count }`: all combinations, exactly ' +
        '`search.trials` of them. Without it, what `set` says is not searched for.',
    ),
});

/** The colours and dashes that the figure can tell apart. */
const MAX_CONTENDERS = 24;

/** The spec of a comparison. */
export const compareSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,62}$/)
      .default('compare')
      .meta({
        description: "Name of the comparison's folder in `runs`; by default from the spec's file name.",
        patternErrorMessage: 'up to 63 lower-case letters, digits and hyphens, the first one no hyphen',
      }),
    title: z
      .string()
      .min(1)
      .max(100)
      .nullable()
      .default(null)
      .describe('Title of the figure; by default the name.'),
    base: filePath(
      'The job spec with network and data that all contenders have; a relative path starts at the folder ' +
        'of the comparison.',
    ),
    set: settings('What all contenders set of the base, by path.'),
    search: z
      .strictObject({
        trials: wholeNumber('How many settings each contender with a search tries.', { maximum: 1000 }),
        epochs: wholeNumber('Epochs of each trial; the schedule is fitted to them.', { maximum: 1_000_000 }),
        trainExamples: wholeNumber('Each trial has the first so many training examples; null for all.')
          .nullable()
          .default(null),
        set: settings('What all trials set besides, by path.'),
      })
      .nullable()
      .default(null)
      .describe(
        'The budget of the search, the same for all contenders that have one. The trial with the lowest ' +
          'training loss at its end gives the setting of the full run.',
      ),
    losses: z
      .array(z.number().gt(0))
      .max(10)
      .default([])
      .describe('Training losses that the table tells the epochs and seconds to.'),
    relativeTo: z
      .string()
      .min(1)
      .max(24)
      .nullable()
      .default(null)
      .describe(
        'The contender whose seconds a step are the unit of the others; by default the first with ' +
          '`algorithm: backprop`.',
      ),
    contenders: z
      .array(contender)
      .min(1)
      .max(MAX_CONTENDERS)
      .describe('What is compared, in the order of the tables.'),
  })
  .meta({
    title: 'locoprop comparison',
    description: 'Contenders that train one network on the same data.',
  });

export type CompareSpec = z.output<typeof compareSchema>;
export type ContenderSpec = CompareSpec['contenders'][number];

/** Values of a search at one path. */
export type SearchValues = z.output<typeof values>;
