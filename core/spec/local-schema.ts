import { z } from 'zod';
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
    ['iterative', 'exact'],
    '`iterative` makes `iterations` updates. `exact` solves the local problem in closed form: it needs ' +
      'the squared loss and the proximal regularizer, and uses no optimizer.',
  ),
  form: word(
    ['auto', 'direct', 'gram'],
    'How gradients are computed: from the batch (`direct`) or, for the squared loss only, from ZᵀZ ' +
      'formed once a step (`gram`), which is faster when the batch is large. `auto` takes the cheaper one.',
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
      form: fields.form.default('auto'),
    }),
    layer: z.strictObject({
      loss: fields.loss.exactOptional(),
      target: fields.target.exactOptional(),
      iterations: fields.iterations.exactOptional(),
      schedule: fields.schedule.exactOptional(),
      regularizer: fields.regularizer.exactOptional(),
      optimizer: fields.optimizer.exactOptional(),
      solver: fields.solver.exactOptional(),
      form: fields.form.exactOptional(),
    }),
  };
}
