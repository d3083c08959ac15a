import { z } from 'zod';
import { engineChoices } from '../engine-names.js';
import { dataSource } from './data-schema.js';
import { filePath, wholeNumber, word } from './fields.js';
import { localSchemas } from './local-schema.js';
import type { PartCatalogue } from './part-catalogue.js';
import { partSchema } from './part-schema.js';
import { kfacSchema, shampooSchema } from './second-order-schema.js';

type LocalSchemas = ReturnType<typeof localSchemas>;

const data = z
  .strictObject({
    train: dataSource.describe('What the network is trained on.'),
    test: dataSource
      .nullable()
      .default(null)
      .describe('What it is tested on; without it, only the training loss is reported.'),
    targets: word(
      ['inputs', 'labels', 'targets'],
      'What the outputs are compared with: the `inputs` themselves (an autoencoder), the `labels`, one ' +
        'output for each class, or the `targets` of the data source.',
    ).default('inputs'),
  })
  .describe('What the network is trained and tested on, and what it learns.');

const network = (catalogue: PartCatalogue, local: LocalSchemas['layer']) => {
  const layer = z.strictObject({
    units: wholeNumber('How many outputs the layer has.', { maximum: 1_000_000 }),
    transfer: partSchema(catalogue, 'transfer', "The layer's transfer function."),
    local: local
      .meta({
        id: 'layerLocal',
        description:
          'What differs from `local` for this layer. A part given without a name stays the one it is, but ' +
          'for the hyperparameters given.',
      })
      .exactOptional(),
  });
  return z
    .strictObject({
      layers: z
        .array(layer)
        .min(1)
        .max(1000)
        .describe('The layers, first to last. The first takes the inputs; the last gives the outputs.'),
      loss: partSchema(
        catalogue,
        'loss',
        'The loss of the network: the mean over the examples of the sum over the outputs. ' +
          '`sigmoid_cross_entropy` needs a last layer with `sigmoid`, `softmax_cross_entropy` one with ' +
          '`softmax`.',
      ),
      initializer: z
        .strictObject({
          weights: word(
            ['glorot_uniform', 'glorot_normal', 'he_uniform', 'he_normal', 'lecun_uniform', 'lecun_normal'],
            'The variance is 2/(inputs + units) for glorot, 2/inputs for he, 1/inputs for lecun.',
          ).default('glorot_uniform'),
          biases: word(
            ['notebook', 'zero'],
            "`notebook`: uniform within ±√(3/units), as in the authors' notebook.",
          ).default('notebook'),
        })
        .prefault({})
        .describe('The weights and biases that training starts from.'),
    })
    .describe('The layers and the loss.');
};

const warmupEpochs = (value: number) =>
  wholeNumber('Epochs in which the rate rises to its full value.', { minimum: 0 }).default(value);

const schedule = z
  .discriminatedUnion('name', [
    z.strictObject({ name: z.literal('constant') }),
    z.strictObject({ name: z.literal('notebook'), warmupEpochs: warmupEpochs(5) }),
    z.strictObject({
      name: z.literal('cosine'),
      warmupEpochs: warmupEpochs(0),
      floor: z.number().min(0).max(1).default(0).describe('The factor at the end.'),
    }),
    z.strictObject({
      name: z.literal('step'),
      everyEpochs: wholeNumber('Epochs between two reductions.'),
      factor: z.number().gt(0).max(1).default(0.1).describe('What the rate is multiplied by each time.'),
    }),
  ])
  .meta({
    id: 'schedule',
    description:
      'What the learning rates are multiplied by, epoch by epoch. `notebook`, the schedule of the paper, ' +
      'rises from 0 over the warm-up epochs, so that the first epoch changes no weight, and then falls ' +
      'to 0 in a straight line; `cosine` falls along half a cosine; `step` falls in steps.',
  });

const training = z
  .strictObject({
    algorithm: word(
      ['locoprop', 'backprop', 'kfac', 'shampoo'],
      '`backprop` trains the same network by plain gradient steps with `local.optimizer` and ' +
        '`local.regularizer`; of `local`, nothing else applies then. `kfac` and `shampoo` train it by the ' +
        'second-order method of the section of that name; of `local`, `regularizer` alone applies, and ' +
        'workers are not used.',
    ).default('locoprop'),
    batchSize: wholeNumber('B, the examples of a mini-batch; all of them where there are fewer.', {
      maximum: 10_000_000,
    }).default(1000),
    epochs: wholeNumber('How often the training data are gone through.', { maximum: 1_000_000 }),
    stopAfterEpochs: wholeNumber('End after so many epochs already; the schedule stays that of all `epochs`.')
      .nullable()
      .default(null),
    schedule: schedule.prefault({ name: 'constant' }),
    correction: z
      .number()
      .min(0)
      .default(0)
      .describe(
        'c: solve the layers one after the other, first to last, and move the input of the next one towards ' +
          'what the solved one now gives, by at most c·√units, the norm being that of the whole batch. Not ' +
          'parallel across layers: workers are not used. 0 for no correction, and all layers at once.',
      ),
  })
  .describe('How the network is trained.');

const guard = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Whether to look at the results of the local problems.'),
    limit: z
      .number()
      .gt(0)
      .default(1000)
      .describe(
        'A result is redone when it raises the local objective by more than `limit` · ½‖R‖²/B, R being ' +
          'the first residual, or is not finite.',
      ),
    retries: wholeNumber('How often a local problem is redone in a step before its layer stays as it was.', {
      minimum: 0,
      maximum: 100,
    }).default(5),
    shrink: z
      .number()
      .gt(0)
      .lt(1)
      .default(0.1)
      .describe('What the learning rate is multiplied by for each redo.'),
  })
  .prefault({})
  .describe('The guard against local problems whose steps are too large. Runs that go well hardly meet it.');

const engine = z
  .strictObject({
    name: word(
      engineChoices,
      'What computes: `onnx` is ONNX Runtime on the processors, `onnx-webgpu` and `onnx-cuda` the same on a ' +
        'GPU; `tfjs` is TensorFlow.js, which is installed beside; `reference` is plain TypeScript in float64, ' +
        'slow, for comparison; `auto` takes the fastest that works here.',
    ).default('auto'),
    threads: wholeNumber('Threads; null for as many as the machine or container allows.', {
      maximum: 1024,
    })
      .nullable()
      .default(null),
  })
  .prefault({})
  .describe('The compute engine.');

const cluster = z
  .strictObject({
    wire: word(
      ['f32', 'bf16'],
      'How matrices travel between the coordinator and its workers: as they are, or rounded to bfloat16 in ' +
        'half the bytes, inputs and residuals directly and weights as differences that both ends apply alike.',
    ).default('f32'),
    leaseSeconds: z
      .number()
      .min(0.5)
      .max(3600)
      .default(5)
      .describe('A worker from which nothing came for so long is taken to be lost.'),
  })
  .prefault({})
  .describe('How a run works with its workers, where it has some.');

const queue = z
  .strictObject({
    priority: wholeNumber('Of two jobs that wait, the one with the higher number comes first.', {
      minimum: 0,
      maximum: 100,
    }).default(0),
    timeLimitSeconds: wholeNumber('Seconds of running after which the job fails; null for no limit.', {
      maximum: 100_000_000,
    })
      .nullable()
      .default(null),
    retries: wholeNumber(
      'How often it is tried again, from its last checkpoint, after a failure that may pass.',
      {
        minimum: 0,
        maximum: 100,
      },
    ).default(3),
  })
  .prefault({})
  .describe('How a job that is submitted to a coordinator waits and is tried again.');

const evaluation = z
  .strictObject({
    everyEpochs: wholeNumber('Epochs between two evaluations; the last epoch always has one.').default(1),
    trainExamples: wholeNumber('Evaluate on the first so many training examples; null for all.')
      .nullable()
      .default(null),
    testExamples: wholeNumber('Evaluate on the first so many test examples; null for all.')
      .nullable()
      .default(null),
    batchSize: wholeNumber('Examples evaluated at a time; null for as many as in training.', {
      maximum: 10_000_000,
    })
      .nullable()
      .default(null),
  })
  .prefault({})
  .describe('When and on what the network is evaluated.');

const checkpoints = z
  .strictObject({
    everyEpochs: wholeNumber('Epochs between two checkpoints.').default(1),
    everySteps: wholeNumber('Steps between two checkpoints; null for none within an epoch.')
      .nullable()
      .default(null),
    keep: wholeNumber('How many of the newest checkpoints stay; the best one stays besides.', {
      maximum: 10_000,
    }).default(3),
  })
  .prefault({})
  .describe('When the state is saved. There is always a checkpoint when training ends or is stopped.');

/** A job spec in its long form; see expand.ts for what it may leave out or abbreviate. */
export const jobSchema = (catalogue: PartCatalogue) => {
  const local = localSchemas(catalogue);
  return z
    .strictObject({
      name: z
        .string()
        .regex(/^[a-z0-9][a-z0-9-]{0,62}$/)
        .default('job')
        .meta({
          description: "The job's name, that of its folder in `runs`; by default from the spec's file name.",
          patternErrorMessage: 'up to 63 lower-case letters, digits and hyphens, the first one no hyphen',
        }),
      seed: wholeNumber('What all random numbers follow from: weights, order of examples, curves.', {
        minimum: 0,
      }).default(0),
      plugins: z
        .array(filePath('A TypeScript or JavaScript file, relative to the folder of the spec.'))
        .max(100)
        .default([])
        .describe('Files whose default export is a part of your own, or a list of them.'),
      data,
      network: network(catalogue, local.layer),
      training,
      local: local.all
        .meta({ id: 'local' })
        .prefault({})
        .describe(
          'The local problems. Each field can be set for one layer in its own `local`. The defaults are ' +
            "those of the paper's benchmark.",
        ),
      kfac: kfacSchema,
      shampoo: shampooSchema,
      guard,
      engine,
      cluster,
      queue,
      evaluation,
      checkpoints,
      initialWeights: filePath(
        'Start from the weights of a run (its folder) or of a safetensors file. A relative path starts ' +
          'at the folder of the spec.',
      )
        .nullable()
        .default(null),
    })
    .meta({ title: 'locoprop job spec', description: 'What to train, on what, and how.' });
};
