import { z } from 'zod';
import { defaultAnderson } from '../anderson.js';
import { wholeNumber, word } from './fields.js';
import type { PartCatalogue } from './part-catalogue.js';
import { partSchema } from './part-schema.js';

/** The parts of the paper's benchmark: LocoProp-M with rmsprop. */
export const defaultLocalParts = {
  loss: { name: 'matching' },
  target: { name: 'gradient_step', activationLearningRate: 10 },
  regularizer: { name: 'none' },
  optimizer: { name: 'rmsprop', learningRate: 1e-5, momentum: 0.999, decay: 0.9, epsilon: 1e-5 },
} as const;

const localFields = (catalogue: PartCatalogue) => ({
  loss: partSchema(
    catalogue,
    'localLoss',
    'The local loss. `squared` is LocoProp-S, with a target for the pre-activations; `matching` is ' +
      'LocoProp-M, with a target for the outputs.',
  ),
  target: partSchema(catalogue, 'target', "Where a layer's target lies."),
  iterations: wholeNumber('K: the local iterations of each step.', { maximum: 10_000 }),
  schedule: word(
    ['linear', 'constant'],
    'The learning rate within a local problem. `linear` multiplies it by max(1 − k/K, ¼) in local ' +
      'iteration k = 0 … K − 1.',
  ),
  regularizer: partSchema(
    catalogue,
    'regularizer',
    'A term added to the local loss. `proximal` holds the weights near those at the start of the step, ' +
      '`l2` near zero.',
  ),
  optimizer: partSchema(
    catalogue,
    'optimizer',
    'The update rule of the local iterations or, with `algorithm: backprop`, of the network.',
  ),
  solver: word(
    ['iterative', 'anderson', 'exact'],
    '`iterative` makes `iterations` updates by the optimizer. `anderson` makes so many iterations of Anderson ' +
      'acceleration for the fixed point that the local problem with the proximal regularizer is, which it ' +
      'needs. `exact` solves the local problem in closed form: it needs the squared loss and the proximal ' +
      'regularizer. Neither uses the optimizer.',
  ),
  anderson: z
    .strictObject({
      memory: wholeNumber('Iterates that are combined, the newest included; 1 for the plain iteration.', {
        maximum: 10,
      }).default(defaultAnderson.memory),
      regularization: z
        .number()
        .gt(0)
        .default(defaultAnderson.regularization)
        .describe('λ: what is added to the squares of the steps when the weights of the iterates are found.'),
      mixing: z
        .number()
        .gt(0)
        .max(2)
        .default(defaultAnderson.mixing)
        .describe(
          'β: how far the combined iterate goes along the combined step. `training.schedule` and the guard ' +
            'multiply it.',
        ),
    })
    .describe('For the solver `anderson` (Anderson, 1965; Walker and Ni, 2011).'),
  form: word(
    ['auto', 'direct', 'gram'],
    'How gradients are computed: from the batch (`direct`) or, for the squared loss only, from ZᵀZ ' +
      'formed once a step (`gram`), which is faster when the batch is large. `auto` takes the cheaper one.',
  ),
  residualMomentum: z
    .number()
    .min(0)
    .lt(1)
    .describe(
      'μ: the target is made of m in place of the gradient D with respect to the pre-activations, with ' +
        'm ← (1 − μ)D + μm over the steps, place by place in the batch; 0 for D itself.',
    ),
});

/** How local problems are posed and solved: for all layers, and what differs for one of them. */
export function localSchemas(catalogue: PartCatalogue) {
  const fields = localFields(catalogue);
  return {
    all: z.strictObject({
      loss: fields.loss.prefault(defaultLocalParts.loss),
      target: fields.target.prefault(defaultLocalParts.target),
      iterations: fields.iterations.default(10),
      schedule: fields.schedule.default('linear'),
      regularizer: fields.regularizer.prefault(defaultLocalParts.regularizer),
      optimizer: fields.optimizer.prefault(defaultLocalParts.optimizer),
      solver: fields.solver.default('iterative'),
      anderson: fields.anderson.prefault({}),
      form: fields.form.default('auto'),
      residualMomentum: fields.residualMomentum.default(0),
    }),
    layer: z.strictObject({
      loss: fields.loss.exactOptional(),
      target: fields.target.exactOptional(),
      iterations: fields.iterations.exactOptional(),
      schedule: fields.schedule.exactOptional(),
      regularizer: fields.regularizer.exactOptional(),
      optimizer: fields.optimizer.exactOptional(),
      solver: fields.solver.exactOptional(),
      anderson: fields.anderson.exactOptional(),
      form: fields.form.exactOptional(),
      residualMomentum: fields.residualMomentum.exactOptional(),
    }),
  };
}
