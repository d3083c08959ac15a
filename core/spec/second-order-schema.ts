import { z } from 'zod';
import { wholeNumber, word } from './fields.js';

const learningRate = (value: number) =>
  z.number().min(0).default(value).describe('Learning rate, multiplied by `training.schedule`.');

const momentum = z.number().min(0).lt(1).default(0.9).describe('μ: share of the last step that is kept.');

const updateEvery = (what: string, value: number) =>
  wholeNumber(`Steps between two computations of the ${what}; each of the first three has one.`).default(
    value,
  );

export const kfacSchema = z
  .strictObject({
    learningRate: learningRate(0.1),
    fisher: word(
      ['sampled', 'empirical'],
      "Whose labels the gradients in the Fisher matrix are of: `sampled`, drawn anew in every step from the network's " +
        'own distribution, which takes a second backward pass and a loss that has one; or `empirical`, the ' +
        "data's.",
    ).default('empirical'),
    damping: z
      .number()
      .gt(0)
      .default(0.1)
      .describe('λ of the factored Tikhonov damping: its root is split over the two factors of a layer.'),
    decay: z
      .number()
      .min(0)
      .lt(1)
      .default(0.95)
      .describe('Share of the average so far in the factors; in step k at most 1 − 1/k.'),
    momentum,
    updateEvery: updateEvery('inverses', 20),
    klClip: z
      .number()
      .gt(0)
      .nullable()
      .default(0.1)
      .describe(
        'Bound on rate² times ⟨step, gradient⟩ of the whole network, which the step is scaled down to; null ' +
          'for none.',
      ),
  })
  .prefault({})
  .describe(
    'K-FAC (Martens and Grosse, 2015), for `algorithm: kfac`: gradients times the inverse of a ' +
      'Kronecker-factored Fisher matrix of each layer.',
  );

export const shampooSchema = z
  .strictObject({
    learningRate: learningRate(0.003),
    decay: z
      .number()
      .gt(0)
      .max(1)
      .default(0.99)
      .describe('β: share of the average so far in the preconditioners; 1 for sums.'),
    epsilon: z
      .number()
      .gt(0)
      .max(1)
      .default(1e-6)
      .describe(
        "Share of a preconditioner's largest eigenvalue that is added to all of them; in float32 no less than 1e-6.",
      ),
    graft: word(
      ['sgd', 'adagrad', 'rmsprop'],
      "The rule whose step size a layer's step takes over, and whose step its bias takes. `rmsprop` averages " +
        'as `decay` says.',
    ).default('rmsprop'),
    momentum,
    updateEvery: updateEvery('inverse roots', 20),
  })
  .prefault({})
  .describe(
    'Shampoo (Gupta, Koren and Singer, 2018; Anil et al., 2020), for `algorithm: shampoo`: gradients ' +
      'times inverse fourth roots of their second moments over rows and over columns.',
  );
