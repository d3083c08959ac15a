import {
  abs,
  add,
  divide,
  greater,
  log,
  maximum,
  minimum,
  multiply,
  negate,
  sqrt,
  square,
  subtract,
  where,
} from '#core/expression/expression.js';
import type { Part } from '#core/parts/part.js';
import { Parts } from '#core/parts/registry.js';
import type { PartReference } from '#core/spec/job-spec.js';
import type { PartKind } from '#core/spec/part-catalogue.js';
import type { NetworkRule } from '#engine/sweep.js';
import { startEngine } from '#engine/engines.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '#engine/engine.js';
import { train } from '../networks.js';
import { relativeDifference, ruleOf, type RuleChoice } from '../support.js';
import type { Running } from './subject.js';

/** A part of each kind, as a plugin would define it. */
const ownParts: Record<PartKind, Part> = {
  transfer: {
    kind: 'transfer',
    name: 'softsign',
    parameters: {},
    elementwise: true,
    value: (a) => divide(a, add(1, abs(a))),
    pullback: (d, a) => divide(d, square(add(1, abs(a)))),
    potential: (a) => subtract(abs(a), log(add(1, abs(a)))),
  },
  loss: {
    kind: 'loss',
    name: 'pseudo_huber',
    parameters: {},
    value: ({ y, labels }) => subtract(sqrt(add(1, square(subtract(y, labels)))), 1),
    gradient: ({ y, labels, pullback }) => {
      const error = subtract(y, labels);
      return pullback(divide(error, sqrt(add(1, square(error)))));
    },
  },
  localLoss: {
    kind: 'localLoss',
    name: 'squared_output',
    parameters: {},
    output: 'postactivation',
    gradient: ({ displacement, pullback }) => pullback(displacement),
    value: ({ displacement }) => [multiply(0.5, square(displacement))],
  },
  target: {
    kind: 'target',
    name: 'clipped_step',
    parameters: {
      rate: { default: 10, exclusiveMinimum: 0, description: 'How far the target lies from the output.' },
      limit: { default: 0.2, exclusiveMinimum: 0, description: 'The largest distance.' },
    },
    displacement: ({ gradient }, { rate = 0, limit = 0 }) =>
      maximum(minimum(multiply(rate, gradient), limit), -limit),
  },
  regularizer: {
    kind: 'regularizer',
    name: 'l1',
    parameters: { lambda: { minimum: 0, description: 'Strength.' } },
    weights: ({ parameter }, { lambda = 0 }) => ({
      gradient: where(greater(parameter, 0), lambda, negate(lambda)),
      value: multiply(lambda, abs(parameter)),
    }),
    bias: () => undefined,
  },
  optimizer: {
    kind: 'optimizer',
    name: 'normalized_momentum',
    parameters: {
      learningRate: { minimum: 0, description: 'Learning rate.' },
      momentum: { default: 0.5, minimum: 0, exclusiveMaximum: 1, description: 'Share that is kept.' },
    },
    slots: () => ({ mean: 0, size: 1 }),
    update: ({ parameter, gradient, rate, slots }, { momentum = 0 }) => {
      const mean = add(multiply(momentum, slots['mean']!), gradient);
      const size = maximum(slots['size']!, abs(gradient));
      return { parameter: subtract(parameter, multiply(rate, divide(mean, size))), slots: { mean, size } };
    },
  },
};

const references: Record<PartKind, PartReference> = {
  transfer: { name: 'softsign' },
  loss: { name: 'pseudo_huber' },
  localLoss: { name: 'squared_output' },
  target: { name: 'clipped_step', limit: 0.5 },
  regularizer: { name: 'l1', lambda: 1e-3 },
  optimizer: { name: 'normalized_momentum' },
};

function networkWith(kind: PartKind): NetworkRule {
  const own = [ownParts[kind]];
  const choice: Omit<RuleChoice, 'inputs' | 'units'> = { [kind]: references[kind] };
  const loss = kind === 'loss' ? references.loss : { name: 'squared_error' };
  return {
    loss: new Parts(own).choose('loss', loss),
    layers: [
      ruleOf({ ...choice, inputs: 4, units: 5 }, own),
      ruleOf({ ...choice, inputs: 5, units: 3 }, own),
    ],
  };
}

/** Parts that the project does not know. */
export function ownPartsContract(running: () => Running): void {
  describe("a user's own part", () => {
    let oracle: Engine;
    beforeAll(async () => {
      oracle = await startEngine('reference');
    });
    afterAll(() => oracle.close());

    it.each(Object.keys(ownParts) as PartKind[])('trains as the expressions say: %s', async (kind) => {
      const { engine, tolerance } = running();
      const network = networkWith(kind);
      const options = { seed: 5, examples: 9, steps: 12 };
      const own = await train(engine, network, options);
      expect(own.losses.at(-1)).toBeLessThan(0.9 * own.losses[0]!);
      const expected = await train(oracle, network, options);
      for (const [layer, { weights }] of expected.states.entries()) {
        expect(relativeDifference(own.states[layer]!.weights, weights)).toBeLessThan(100 * tolerance);
      }
    });

    it('replaces a built-in part of the same kind and name', () => {
      const own: Part = { ...ownParts.target, name: 'gradient_step' };
      const replaced = new Parts([own]).choose('target', { name: 'gradient_step' });
      expect(replaced.part).toBe(own);
    });
  });
}
