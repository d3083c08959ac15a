import { z } from 'zod';
import { dataFormats, namedDatasets } from '../dataset.js';
import { filePath, wholeNumber, word } from './fields.js';

const split = word(
  ['train', 'test'],
  'Which part of the data set; by default `train` for `data.train` and `test` for `data.test`.',
).optional();

const firstExamples = wholeNumber('Take only the first so many examples.').optional();

const named = z.strictObject({
  dataset: word(
    namedDatasets,
    'A public data set, found in the folder that LOCOPROP_DATA_DIR names, else fetched once.',
  ),
  split,
  examples: firstExamples,
});

const curves = z.strictObject({
  dataset: z
    .literal('curves')
    .describe('Pictures of random smooth curves, 28 × 28, drawn from a seed: nothing to fetch.'),
  examples: wholeNumber('How many pictures to draw.'),
  seed: wholeNumber('Seed of the pictures; by default the seed of the job.', { minimum: 0 }).optional(),
  split,
});

const columnName = z.union([z.string().min(1).max(4096), z.int().min(0)]);
const columnNames = z.union([columnName, z.array(columnName).min(1).max(10_000)]);

const file = z.strictObject({
  // `file` takes the place of `dataset`.
  dataset: z.undefined().meta({ not: {} }).optional(),
  file: filePath('A file of your own. A relative path starts at the folder of the spec.'),
  format: word(dataFormats, "By default told from the file's name.").optional(),
  inputs: columnNames
    .optional()
    .describe(
      'NPZ: the array, by default `x_train` or `x_test`, by split, else `x`, else the only one. ' +
        'CSV and Parquet: the columns, by name or by number from 0; by default all that are neither ' +
        'labels nor targets.',
    ),
  labels: columnName
    .optional()
    .describe(
      'The class of each example, an integer from 0. IDX and NPY: another file. NPZ: an array, by ' +
        'default `y_train` or `y_test`, by split, else `y`. CSV and Parquet: a column.',
    ),
  targets: columnNames
    .optional()
    .describe('The numbers to learn for each example. Named as `labels` are; CSV and Parquet: columns.'),
  classes: wholeNumber('How many classes there are; by default the largest label + 1.', {
    minimum: 2,
  }).optional(),
  scale: z
    .number()
    .optional()
    .describe('What inputs are multiplied by; by default 1/255 for arrays of bytes, else 1.'),
  testShare: z
    .number()
    .gt(0)
    .lt(1)
    .optional()
    .describe(
      'The share of the examples, drawn by the seed of the job, that make the test split of the file; ' +
        'the rest is its train split. Without it, both splits are the whole file.',
    ),
  split,
  skip: wholeNumber('Leave out the first so many examples of the split.', { minimum: 0 }).optional(),
  examples: wholeNumber('Then take only so many.').optional(),
});

/** Where examples come from; core/dataset.ts has the type. */
export const dataSource = z
  .discriminatedUnion('dataset', [named, curves, file])
  .meta({ id: 'dataSource', description: 'A built-in data set or a file of your own.' });
