import { z } from 'zod';
import { dataFormats, namedDatasets } from '../dataset.js';
import type { ParameterSpec, PartCatalogue, PartKind } from './part-catalogue.js';

/*
 * The job spec as people write it. Descriptions are shown by editors and in docs/spec.md.
 */

/** Whether a schema is to check specs, or to be turned into a JSON Schema, which knows no transforms. */
export type SchemaUse = 'check' | 'describe';

const count = (description: string) => z.int().min(1).describe(description);
const path = (description: string) => z.string().min(1).describe(description);

function numberSchema(parameter: ParameterSpec): z.ZodType {
  let schema = z.number();
  if (parameter.minimum !== undefined) schema = schema.min(parameter.minimum);
  if (parameter.maximum !== undefined) schema = schema.max(parameter.maximum);
  if (parameter.exclusiveMinimum !== undefined) schema = schema.gt(parameter.exclusiveMinimum);
  if (parameter.exclusiveMaximum !== undefined) schema = schema.lt(parameter.exclusiveMaximum);
  const described = schema.describe(parameter.description);
  return parameter.default === undefined ? described : described.default(parameter.default);
}

type Variant = z.ZodObject<{ name: z.ZodLiteral<string> }>;

const variant = (name: string, parameters: Readonly<Record<string, ParameterSpec>>): Variant => {
  const fields = Object.entries(parameters).map(([key, parameter]) => [key, numberSchema(parameter)]);
  return z.strictObject({ name: z.literal(name), ...(Object.fromEntries(fields) as object) });
};

/** Something with a name and settings; where none of them is needed, the name alone will do. */
function choice<T extends z.ZodType>(
  use: SchemaUse,
  names: readonly string[],
  full: T,
  description: string,
): T {
  if (use === 'describe') return z.union([z.enum(names), full]).describe(description) as unknown as T;
  const named = (value: unknown): unknown => (typeof value === 'string' ? { name: value } : value);
  return z.preprocess(named, full).describe(description) as unknown as T;
}

export function jobSchema(catalogue: PartCatalogue, use: SchemaUse) {
  const part = (kind: PartKind, description: string) => {
    const names = catalogue.names(kind);
    const [first, ...rest] = names.map((name) => variant(name, catalogue.parameters(kind, name)!));
    const full = z.discriminatedUnion('name', [first!, ...rest]) as unknown as z.ZodType<
      { name: string } & Record<string, string | number>
    >;
    return choice(use, names, full, description);
  };

  const split = z.enum(['train', 'test']).optional().describe('By default the one that the data are for.');
  const examples = count('Take only the first so many examples.').optional();
  const columns = z
    .union([z.string(), z.int().min(0), z.array(z.union([z.string(), z.int().min(0)]))])
    .optional();
  const column = z.union([z.string(), z.int().min(0)]).optional();
  const namedSource = z.strictObject({
    dataset: z.enum(namedDatasets).describe('A public data set, found in LOCOPROP_DATA_DIR or fetched.'),
    split,
    examples,
  });
  const curvesSource = z.strictObject({
    dataset: z.literal('curves').describe('Pictures of random smooth curves, drawn from the seed.'),
    examples: count('How many pictures to draw.'),
    seed: z.int().min(0).optional().describe('By default the seed of the job.'),
    split,
  });
  const fileSource = z.strictObject({
    file: path('A file; relative paths start at the folder of the spec.'),
    format: z.enum(dataFormats).optional().describe('By default told from the name.'),
    inputs: columns.describe('The array (NPZ) or columns (CSV, Parquet) of the inputs.'),
    labels: column.describe('The class of each example: an array, a column or (IDX, NPY) a file.'),
    targets: columns.describe('Numbers to learn for each example: an array, columns or a file.'),
    classes: count('How many classes; by default the largest label + 1.').optional(),
    scale: z
      .number()
      .optional()
      .describe('What inputs are multiplied by; by default 1/255 for bytes, else 1.'),
    testShare: z
      .number()
      .gt(0)
      .lt(1)
      .optional()
      .describe('Share of the examples, drawn by the seed, that are test data.'),
    split,
    skip: z.int().min(0).optional().describe('Leave out the first so many examples.'),
    examples,
  });
  const source = z.unknown().superRefine((value, context) => {
    const schema = sourceSchemaFor(value, { namedSource, curvesSource, fileSource });
    const { error } = schema.safeParse(value);
    for (const issue of error?.issues ?? [])
      context.addIssue({ ...issue } as Parameters<typeof context.addIssue>[0]);
  }) as unknown as z.ZodType<
    z.infer<typeof namedSource> | z.infer<typeof curvesSource> | z.infer<typeof fileSource>
  >;
  const data = (description: string) =>
    (use === 'describe' ? z.union([namedSource, curvesSource, fileSource]) : source).describe(
      description,
    ) as typeof source;

  const local = {
    loss: part('localLoss', 'The local loss: squared (LocoProp-S), matching (LocoProp-M) or a plugin’s.'),
    target: part('target', 'Where a layer’s target lies.'),
    iterations: count('K, the local iterations of a step.'),
    schedule: z
      .enum(['linear', 'constant'])
      .describe('Learning rate within the local iterations: max(1 − k/K, ¼), or constant.'),
    regularizer: part('regularizer', 'A term added to the local loss.'),
    optimizer: part('optimizer', 'What a local iteration does with the gradient; backprop uses it too.'),
    solver: z
      .enum(['iterative', 'exact'])
      .describe('K local iterations, or the exact solution (squared loss, proximal regularizer).'),
    form: z
      .enum(['auto', 'direct', 'gram'])
      .describe('How gradients are formed; gram (squared loss only) forms ZᵀZ once. auto takes the cheaper.'),
  };
  const { optimizer, ...optionalLocal } = local;
  const localDefaults = z.strictObject({
    loss: optionalLocal.loss.default({ name: 'matching' }),
    target: optionalLocal.target.default({ name: 'gradient_step', activationLearningRate: 10 }),
    iterations: optionalLocal.iterations.default(10),
    schedule: optionalLocal.schedule.default('linear'),
    regularizer: optionalLocal.regularizer.default({ name: 'none' }),
    optimizer,
    solver: optionalLocal.solver.default('iterative'),
    form: optionalLocal.form.default('auto'),
  });
  const layer = z.strictObject({
    units: count('Outputs of the layer.'),
    transfer: part('transfer', 'The transfer function f of Y = f(XW + b).'),
    local: z.strictObject(local).partial().optional().describe('What differs from `local` for this layer.'),
  });

  const schedules = z.discriminatedUnion('name', [
    z.strictObject({
      name: z.literal('notebook'),
      warmupEpochs: z
        .int()
        .min(0)
        .default(5)
        .describe('Epochs of linear growth from 0; then a linear fall to 0.'),
    }),
    z.strictObject({ name: z.literal('constant') }),
    z.strictObject({
      name: z.literal('cosine'),
      warmupEpochs: z.int().min(0).default(0).describe('Epochs of linear growth.'),
      floor: z.number().min(0).max(1).default(0).describe('Factor at the end.'),
    }),
    z.strictObject({
      name: z.literal('step'),
      everyEpochs: count('Epochs between two changes.'),
      factor: z.number().gt(0).describe('What the rate is multiplied by at each change.'),
    }),
  ]);

  return z.strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be lower-case letters, digits and dashes, 63 at most')
      .describe('Names the run’s folder; by default the spec’s file name.'),
    seed: z.int().min(0).default(0).describe('Everything random is drawn from it.'),
    plugins: z
      .array(path('A file.'))
      .default([])
      .describe('Files that define parts of your own, relative to the spec.'),
    data: z.strictObject({
      train: data('What is trained on.'),
      test: data('What is held out.').optional(),
      targets: z
        .enum(['inputs', 'labels', 'targets'])
        .default('inputs')
        .describe(
          'What outputs are compared with: the inputs (an autoencoder), one-hot classes, or numbers.',
        ),
    }),
    network: z.strictObject({
      layers: z.array(layer).min(1).describe('First layer first.'),
      loss: part('loss', 'The loss of the network.'),
      initializer: z
        .strictObject({
          weights: z
            .enum([
              'glorot_uniform',
              'glorot_normal',
              'he_uniform',
              'he_normal',
              'lecun_uniform',
              'lecun_normal',
            ])
            .default('glorot_uniform'),
          biases: z
            .enum(['notebook', 'zero'])
            .default('notebook')
            .describe('Uniform as in the authors’ notebook, or 0.'),
        })
        .prefault({}),
    }),
    training: z.strictObject({
      algorithm: z.enum(['locoprop', 'backprop']).default('locoprop'),
      batchSize: count('Examples of a step.'),
      epochs: count('Length of the schedule.'),
      stopAfterEpochs: count('End earlier within the schedule.').optional(),
      schedule: choice(
        use,
        ['notebook', 'constant', 'cosine'],
        schedules,
        'The learning rates over the epochs.',
      ).default({
        name: 'constant',
      }),
    }),
    local: localDefaults.describe('Every layer’s local problem, unless the layer says otherwise.'),
    guard: z
      .strictObject({
        enabled: z.boolean().default(true),
        limit: z.number().gt(0).default(1000).describe('c: a solve may raise its objective by c · ½‖R⁰‖²/B.'),
        retries: z.int().min(0).default(5).describe('Redos before a layer is left as it was in this step.'),
        shrink: z
          .number()
          .gt(0)
          .lt(1)
          .default(0.1)
          .describe('What the learning rate is multiplied by for a redo.'),
      })
      .prefault({})
      .describe('Solves that end far worse than they began are redone with a smaller step.'),
    engine: z
      .strictObject({
        name: z.enum(['auto', 'onnx', 'reference']).default('auto'),
        threads: count('By default the processors of the machine or container.').nullable().default(null),
      })
      .prefault({}),
    evaluation: z
      .strictObject({
        everyEpochs: count('Epochs between two evaluations.').default(1),
        trainExamples: count('Only the first so many training examples.').nullable().default(null),
        testExamples: count('Only the first so many test examples.').nullable().default(null),
        batchSize: count('Examples at a time; by default those of a step.').nullable().default(null),
      })
      .prefault({}),
    checkpoints: z
      .strictObject({
        everyEpochs: count('Epochs between two checkpoints.').default(1),
        everySteps: count('Steps between two checkpoints within an epoch.').nullable().default(null),
        keep: count('How many of the newest stay; the best one stays too.').default(3),
      })
      .prefault({}),
    initialWeights: path('A run’s folder or a safetensors file to start from.').nullable().default(null),
  });
}

interface SourceSchemas {
  readonly namedSource: z.ZodType;
  readonly curvesSource: z.ZodType;
  readonly fileSource: z.ZodType;
}

/** The one schema that a source is meant for, so that errors are about it and not about all three. */
function sourceSchemaFor(
  value: unknown,
  { namedSource, curvesSource, fileSource }: SourceSchemas,
): z.ZodType {
  const given: object = typeof value === 'object' && value !== null ? value : {};
  if ('file' in given) return fileSource;
  if ('dataset' in given) {
    const { dataset } = given;
    if (dataset === 'curves') return curvesSource;
    const known = (namedDatasets as readonly unknown[]).includes(dataset);
    return known ? namedSource : z.object({ dataset: z.enum([...namedDatasets, 'curves']) });
  }
  return z
    .object({}, 'a data source has a `dataset` or a `file`')
    .refine(() => false, 'a data source has a `dataset` or a `file`');
}
