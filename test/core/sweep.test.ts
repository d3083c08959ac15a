import type { LayerRule } from '#core/layer.js';
import type { Matrix } from '#core/matrix.js';
import { Parts } from '#core/parts/registry.js';
import {
  backwardRoutine,
  displacementRoutine,
  evaluationRoutine,
  forwardRoutine,
  lossRoutine,
} from '#core/sweep.js';
import { describe, expect, it } from 'vitest';
import { matrix, randomMatrix, ruleOf } from '../engine/support.js';
import { columnSums, expectClose, numericGradient, product, run, total, transposed } from './support.js';

const SEED = 6;
const EXAMPLES = 5;
const SIZES = [4, 3, 2];

const layers = (hidden: string, last: string): LayerRule[] =>
  [hidden, last].map((name, index) =>
    ruleOf({ inputs: SIZES[index]!, units: SIZES[index + 1]!, transfer: { name } }),
  );

interface Parameters {
  readonly weights: Matrix[];
  readonly biases: Matrix[];
}

const parameters: Parameters = {
  weights: [0, 1].map((layer) => randomMatrix(SEED, `weights ${layer}`, SIZES[layer]!, SIZES[layer + 1]!)),
  biases: [0, 1].map((layer) => randomMatrix(SEED, `bias ${layer}`, 1, SIZES[layer + 1]!)),
};
const inputs = randomMatrix(SEED, 'inputs', EXAMPLES, SIZES[0]!);
const labels = {
  ...randomMatrix(SEED, 'labels', EXAMPLES, 2),
  data: Float64Array.from({ length: EXAMPLES * 2 }, (_, index) =>
    index % 4 === 0 || index % 4 === 3 ? 1 : 0,
  ),
};
const scalars = { examples: EXAMPLES, outputs: 2 };
const parts = new Parts();

const networks = [
  { loss: 'sigmoid_cross_entropy', hidden: 'tanh', last: 'sigmoid' },
  { loss: 'softmax_cross_entropy', hidden: 'elu', last: 'softmax' },
  { loss: 'squared_error', hidden: 'softmax', last: 'tanh' },
  { loss: 'squared_error', hidden: 'leaky_relu', last: 'softmax' },
];

interface Activation {
  readonly inputs: Matrix;
  readonly preactivation: Matrix;
  readonly output: Matrix;
}

async function forward(rules: readonly LayerRule[], { weights, biases }: Parameters): Promise<Activation[]> {
  const activations: Activation[] = [];
  let below: Matrix = inputs;
  for (const [layer, rule] of rules.entries()) {
    const { preactivation, output } = await run(forwardRoutine(rule.transfer), {
      inputs: { inputs: below, weights: weights[layer]!, bias: biases[layer]! },
    });
    activations.push({ inputs: below, preactivation: preactivation!, output: output! });
    below = output!;
  }
  return activations;
}

describe('the backward sweep', () => {
  const title = 'gives the gradients of the batch loss: $hidden, $last, $loss (seed 6)';

  it.each(networks)(title, async ({ hidden, last, loss: name }) => {
    const rules = layers(hidden, last);
    const loss = parts.choose('loss', { name });
    const lossAt = async (at: Parameters): Promise<Record<string, Matrix>> => {
      const top = (await forward(rules, at))[1]!;
      return run(lossRoutine(loss, rules[1]!.transfer), { inputs: { ...top, labels }, scalars });
    };

    const activations = await forward(rules, parameters);
    const { gradient: above } = await lossAt(parameters);
    const { gradient: below } = await run(backwardRoutine(rules[0]!.transfer), {
      inputs: { ...activations[0]!, gradientAbove: above!, weightsAbove: parameters.weights[1]! },
    });
    for (const [layer, d] of [below!, above!].entries()) {
      const moved = (kind: keyof Parameters, point: Matrix): Parameters => ({
        ...parameters,
        [kind]: parameters[kind].map((own, index) => (index === layer ? point : own)),
      });
      const numeric = (kind: keyof Parameters): Promise<Matrix> =>
        numericGradient(parameters[kind][layer]!, async (point) =>
          total((await lossAt(moved(kind, point)))['loss']!),
        );
      expectClose(product(transposed(activations[layer]!.inputs), d), await numeric('weights'), 1e-8);
      expectClose(columnSums(d), await numeric('biases'), 1e-8);
    }
  });
});

describe('the evaluation of a batch', () => {
  it('gives the loss and the mean squared error of one number', async () => {
    const [, last] = layers('tanh', 'identity');
    const loss = parts.choose('loss', { name: 'squared_error' });
    const y = matrix([
      [1, 2],
      [3, 5],
    ]);
    const results = await run(evaluationRoutine(loss, last!.transfer), {
      inputs: {
        preactivation: y,
        output: y,
        labels: matrix([
          [1, 0],
          [0, 5],
        ]),
      },
      scalars: { examples: 2, outputs: 2 },
    });
    expect(total(results['loss']!)).toBe((4 / 2 + 9 / 2) / 2);
    expect(total(results['meanSquaredError']!)).toBe((4 + 9) / 4);
  });
});

describe('a displacement', () => {
  it('is what the target rule makes of the gradient', async () => {
    const target = parts.choose('target', { name: 'gradient_step', activationLearningRate: 3 });
    const { part } = parts.choose('localLoss', { name: 'matching' });
    const gradient = matrix([[1, -2]]);
    const results = await run(displacementRoutine(target, part), { inputs: { gradient }, scalars });
    expect([...results['displacement']!.data]).toEqual([3, -6]);
  });
});
