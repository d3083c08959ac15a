import { describe, expect, it } from 'vitest';
import { minimalSpec, parse, problems, refusal, specWith, specWithLayers, type Written } from './support.js';

const layer = { units: 2, transfer: 'tanh' };
const localFields =
  'loss, target, iterations, schedule, regularizer, optimizer, solver, anderson, form, residualMomentum';
const topFields =
  'name, seed, plugins, data, network, training, local, kfac, shampoo, guard, engine, cluster, queue, evaluation, checkpoints, initialWeights';
const transfers = 'identity, tanh, sigmoid, relu, leaky_relu, elu, softplus, softmax';
const optimizers = 'sgd, momentum, nesterov, adam, rmsprop, adagrad';
const fileFields = 'file, format, inputs, labels, targets, classes, scale, testShare, split, skip, examples';

const cases: readonly {
  readonly what: string;
  readonly spec: unknown;
  readonly expected: readonly string[];
}[] = [
  {
    what: 'nothing',
    spec: undefined,
    expected: [`the spec is undefined; allowed: a map with the fields ${topFields}`],
  },
  { what: 'a list', spec: [1], expected: [`the spec is [1]; allowed: a map with the fields ${topFields}`] },
  {
    what: 'an empty map',
    spec: {},
    expected: [
      'data is missing; allowed: a map with the fields train, test, targets',
      'network is missing; allowed: a map with the fields layers, loss, initializer',
      'training is missing; allowed: a map with the fields algorithm, batchSize, epochs, stopAfterEpochs, schedule, correction',
    ],
  },
  {
    what: 'a misspelt field',
    spec: specWith({ trainig: {} }),
    expected: [`trainig is no field; allowed: ${topFields} (did you mean "training"?)`],
  },
  {
    what: 'an unknown field like no other',
    spec: specWith({ guard: { colour: 'red' } }),
    expected: ['guard.colour is no field; allowed: enabled, limit, retries, shrink'],
  },
  {
    what: 'a misspelt field that must be there, once',
    spec: specWithLayers([{ unit: 3, transfer: 'tanh' }]),
    expected: ['network.layers.0.unit is no field; allowed: units, transfer, local (did you mean "units"?)'],
  },
  {
    what: 'a field in another case',
    spec: specWith({ training: { epochs: 1, batch_size: 3 } }),
    expected: [
      'training.batch_size is no field; allowed: algorithm, batchSize, epochs, stopAfterEpochs, schedule, correction (did you mean "batchSize"?)',
    ],
  },
  {
    what: 'a misspelt word',
    spec: specWith({ training: { epochs: 1, algorithm: 'locopro' } }),
    expected: [
      'training.algorithm is "locopro"; allowed: locoprop, backprop, kfac, shampoo (did you mean "locoprop"?)',
    ],
  },
  {
    what: 'settings of a second-order method that are out of their bounds',
    spec: specWith({
      kfac: { damping: 0, decay: 1, updateEvery: 0, klClip: -1 },
      shampoo: { decay: 1.5, epsilon: 0, graft: 'adgrad', exponent: 2 },
    }),
    expected: [
      'kfac.damping is 0; allowed: a finite number, above 0',
      'kfac.decay is 1; allowed: a finite number, at least 0 and below 1',
      'kfac.updateEvery is 0; allowed: a whole number, at least 1',
      'kfac.klClip is -1; allowed: a finite number, above 0 or null',
      'shampoo.decay is 1.5; allowed: a finite number, above 0 and at most 1',
      'shampoo.epsilon is 0; allowed: a finite number, above 0 and at most 1',
      'shampoo.graft is "adgrad"; allowed: sgd, adagrad, rmsprop (did you mean "adagrad"?)',
      'shampoo.exponent is no field; allowed: learningRate, decay, epsilon, graft, momentum, updateEvery',
    ],
  },
  {
    what: 'a number that is too small',
    spec: specWithLayers([{ units: -3, transfer: 'tanh' }]),
    expected: ['network.layers.0.units is -3; allowed: a whole number from 1 to 1000000'],
  },
  {
    what: 'a broken number',
    spec: specWith({ training: { epochs: 1.5 } }),
    expected: ['training.epochs is 1.5; allowed: a whole number from 1 to 1000000'],
  },
  {
    what: 'a number as text',
    spec: specWith({ seed: '1' }),
    expected: ['seed is "1"; allowed: a whole number, at least 0'],
  },
  {
    what: 'a number beyond the integers of a double',
    spec: specWith({ seed: 1e30 }),
    expected: ['seed is 1e+30; allowed: a whole number, at least 0'],
  },
  {
    what: 'numbers that are not finite',
    spec: specWith({ local: { optimizer: { name: 'sgd', learningRate: Infinity } }, guard: { limit: NaN } }),
    expected: [
      'local.optimizer.learningRate is Infinity; allowed: a finite number, at least 0',
      'guard.limit is NaN; allowed: a finite number, above 0',
    ],
  },
  {
    what: 'a number outside an open range',
    spec: specWith({ guard: { shrink: 1 } }),
    expected: ['guard.shrink is 1; allowed: a finite number, above 0 and below 1'],
  },
  {
    what: 'no truth value',
    spec: specWith({ guard: { enabled: 'yes' } }),
    expected: ['guard.enabled is "yes"; allowed: true or false'],
  },
  {
    what: 'a nullable field',
    spec: specWith({ engine: { threads: 0 } }),
    expected: ['engine.threads is 0; allowed: a whole number from 1 to 1024 or null'],
  },
  {
    what: 'a name of the wrong form',
    spec: specWith({ name: 'My Job' }),
    expected: [
      'name is "My Job"; allowed: up to 63 lower-case letters, digits and hyphens, the first one no hyphen',
    ],
  },
  {
    what: 'an empty path',
    spec: specWith({ initialWeights: '' }),
    expected: ['initialWeights is ""; allowed: a text of 1 to 4096 characters or null'],
  },
  {
    what: 'an empty list',
    spec: specWithLayers([]),
    expected: ['network.layers is []; allowed: a list of 1 to 1000 entries'],
  },
  {
    what: 'something that is no list',
    spec: specWith({ plugins: './mine.ts' }),
    expected: ['plugins is "./mine.ts"; allowed: a list of 0 to 100 entries'],
  },
  {
    what: 'something that is no map',
    spec: specWithLayers(['tanh'], { local: null }),
    expected: [
      'network.layers.0 is "tanh"; allowed: a map with the fields units, transfer, local',
      `local is null; allowed: a map with the fields ${localFields}`,
    ],
  },
  {
    what: 'a part in another spelling',
    spec: specWithLayers([{ units: 2, transfer: 'LeakyReLU' }]),
    expected: [
      `network.layers.0.transfer is "LeakyReLU"; allowed: ${transfers} (did you mean "leaky_relu"?)`,
    ],
  },
  {
    what: 'a part with a misspelt name',
    spec: specWith({ local: { optimizer: { name: 'rmspop', learningRate: 1 } } }),
    expected: [`local.optimizer.name is "rmspop"; allowed: ${optimizers} (did you mean "rmsprop"?)`],
  },
  {
    what: 'a part without a name',
    spec: specWithLayers([{ units: 2, transfer: {} }]),
    expected: [`network.layers.0.transfer.name is missing; allowed: ${transfers}`],
  },
  {
    what: 'a part whose field name is misspelt',
    spec: specWithLayers([{ units: 2, transfer: { nmae: 'tanh' } }]),
    expected: ['network.layers.0.transfer.nmae is no field; allowed: name, slope (did you mean "name"?)'],
  },
  {
    what: 'a part that is a number',
    spec: specWith({ network: { layers: [layer], loss: 3 } }),
    expected: ['network.loss is 3; allowed: sigmoid_cross_entropy, softmax_cross_entropy, squared_error'],
  },
  {
    what: 'an unknown hyperparameter',
    spec: specWithLayers([{ units: 2, transfer: { name: 'leaky_relu', slop: 1 } }]),
    expected: ['network.layers.0.transfer.slop is no field; allowed: name, slope (did you mean "slope"?)'],
  },
  {
    what: 'a missing hyperparameter of a part given by its name alone',
    spec: specWith({ local: { optimizer: 'sgd' } }),
    expected: ['local.optimizer.learningRate is missing; allowed: a finite number, at least 0'],
  },
  {
    what: 'a misspelt schedule',
    spec: specWith({ training: { epochs: 1, schedule: 'cosin' } }),
    expected: [
      'training.schedule is "cosin"; allowed: constant, notebook, cosine, step (did you mean "cosine"?)',
    ],
  },
  {
    what: 'a schedule without what it needs',
    spec: specWith({ training: { epochs: 1, schedule: 'step' } }),
    expected: ['training.schedule.everyEpochs is missing; allowed: a whole number, at least 1'],
  },
  {
    what: 'a problem of `local` once, not for each layer that inherits it',
    spec: specWithLayers([{ ...layer, local: { optimizer: { momentum: 0.5 } } }], {
      local: { optimizer: { name: 'rmsprop', decay: 2 } },
    }),
    expected: [
      'local.optimizer.learningRate is missing; allowed: a finite number, at least 0',
      'local.optimizer.decay is 2; allowed: a finite number, at least 0 and below 1',
    ],
  },
  {
    what: "a layer's own problem",
    spec: specWithLayers([{ ...layer, local: { iterations: 0, optimizer: { momentun: 0.5 } } }]),
    expected: [
      'network.layers.0.local.iterations is 0; allowed: a whole number from 1 to 10000',
      'network.layers.0.local.optimizer.momentun is no field; allowed: name, learningRate, momentum, decay, epsilon (did you mean "momentum"?)',
    ],
  },
  {
    what: 'an unknown data set',
    spec: specWith({ data: { train: { dataset: 'mnits' } } }),
    expected: [
      'data.train.dataset is "mnits"; allowed: mnist, fashion-mnist, curves (did you mean "mnist"?)',
    ],
  },
  {
    what: 'a data source that names nothing',
    spec: specWith({ data: { train: {}, test: 7 } }),
    expected: [
      'data.train is {}; allowed: a map with dataset (mnist, fashion-mnist, curves) or file',
      'data.test is 7; allowed: a map with dataset (mnist, fashion-mnist, curves) or file or null',
    ],
  },
  {
    what: 'a data source whose first field is misspelt',
    spec: specWith({ data: { train: { datset: 'mnist' } } }),
    expected: [
      `data.train.datset is no field; allowed: dataset, split, examples, seed, ${fileFields
        .split(', ')
        .filter((field) => field !== 'split' && field !== 'examples')
        .join(', ')} (did you mean "dataset"?)`,
    ],
  },
  {
    what: 'a field of another data source',
    spec: specWith({ data: { train: { dataset: 'mnist', seed: 3 } } }),
    expected: ['data.train.seed is no field; allowed: dataset, split, examples'],
  },
  {
    what: 'fields of a file',
    spec: specWith({ data: { train: { file: 3, formt: 'csv', inputs: ['a', -1] } } }),
    expected: [
      'data.train.file is 3; allowed: a text of 1 to 4096 characters',
      'data.train.inputs.1 is -1; allowed: a text of 1 to 4096 characters or a whole number, at least 0',
      `data.train.formt is no field; allowed: ${fileFields} (did you mean "format"?)`,
    ],
  },
  {
    what: 'a last layer that does not fit the loss',
    spec: specWith({ network: { layers: [layer, layer], loss: 'softmax_cross_entropy' } }),
    expected: [
      'network.layers.1.transfer is "tanh"; allowed: softmax, which the loss softmax_cross_entropy needs',
    ],
  },
  {
    what: 'an end after the end',
    spec: specWith({ training: { epochs: 3, stopAfterEpochs: 4 } }),
    expected: ['training.stopAfterEpochs is 4; allowed: at most training.epochs, which is 3'],
  },
  {
    what: 'an exact solution of the matching loss',
    spec: specWith({ local: { solver: 'exact', regularizer: { name: 'proximal', eta: 1 } } }),
    expected: ['local.solver is "exact"; allowed: another solver, or the loss squared in place of matching'],
  },
  {
    what: 'an exact solution without the proximal regularizer, for one layer',
    spec: specWithLayers([layer, { ...layer, local: { solver: 'exact', loss: 'squared' } }]),
    expected: [
      'network.layers.1.local.solver is "exact"; allowed: another solver, or the regularizer proximal in place of none',
    ],
  },
  {
    what: "a layer's loss that does not fit the form of all layers",
    spec: specWithLayers([layer, { ...layer, local: { loss: 'matching' } }], {
      local: { loss: 'squared', form: 'gram' },
    }),
    expected: [
      'network.layers.1.local.form is "gram"; allowed: another form, or the loss squared in place of matching',
    ],
  },
  {
    what: 'a layer of too many weights',
    spec: specWithLayers([
      { units: 1_000_000, transfer: 'tanh' },
      { units: 2000, transfer: 'tanh' },
    ]),
    expected: [
      'network.layers.1.units is 2000; allowed: at most 1073, for the layer has 1000000 inputs and may have 1073741824 weights',
    ],
  },
  {
    what: 'a plugin given twice',
    spec: specWith({ plugins: ['a.ts', 'a.ts'] }),
    expected: ['plugins.1 is "a.ts"; allowed: each file once'],
  },
  {
    what: 'a long value, cut',
    spec: specWith({ name: 'X'.repeat(1000) }),
    expected: [
      `name is "${'X'.repeat(59)}…; allowed: up to 63 lower-case letters, digits and hyphens, the first one no hyphen`,
    ],
  },
  {
    what: 'a key that would break the line',
    spec: specWith({ guard: { 'a\nb': 1 } }),
    expected: ['guard."a\\nb" is no field; allowed: enabled, limit, retries, shrink'],
  },
  {
    what: 'keys that every JavaScript object knows',
    spec: specWith({ guard: JSON.parse('{ "__proto__": 1, "constructor": 2 }') as Written }),
    expected: [
      'guard.__proto__ is no field; allowed: enabled, limit, retries, shrink',
      'guard.constructor is no field; allowed: enabled, limit, retries, shrink',
    ],
  },
];

describe('what a spec is refused for', () => {
  it.each(cases)('$what', ({ spec, expected }) => {
    expect(problems(spec)).toEqual(expected);
  });

  it('counts the problems, names the source and lists no more than a page of them', () => {
    const one = refusal(() => parse(specWith({ seed: -1 })));
    expect(one.message.split('\n')[0]).toBe('The spec has a problem:');
    expect(one.exitCode).toBe(2);

    const many = refusal(() => parse(specWithLayers(Array.from({ length: 30 }, () => ({ units: 0 })))));
    const lines = many.message.split('\n');
    expect(lines[0]).toBe('The spec has 60 problems:');
    expect(lines).toHaveLength(22);
    expect(lines.at(-1)).toBe('  and 40 more');
  });

  it.each(['backprop', 'kfac', 'shampoo'])(
    'is not what `local` says, where the algorithm has no local problems: %s',
    (algorithm) => {
      const local = { solver: 'exact', form: 'gram' };
      expect(parse(specWith({ local, training: { epochs: 1, algorithm } })).local).toMatchObject(local);
    },
  );
});

describe('documents that are no spec, whatever they say', () => {
  const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);
  const cyclic: unknown[] = [];
  cyclic.push(cyclic);

  it.each([
    ['within themselves', cyclic, 'it is more than 32 levels deep'],
    ['too deep', nested(50), 'it is more than 32 levels deep'],
    [
      'too many',
      Array.from({ length: 200_000 }, () => 0),
      'it has more than 100000 values, with aliases written out',
    ],
    [
      'the same text too often',
      Array.from({ length: 50 }, () => 'x'.repeat(100_000)),
      'it has more than 4194304 characters, with aliases written out',
    ],
    ['of another language', { seed: 1n }, 'it holds a bigint'],
  ])('%s', (_, value, expected) => {
    expect(problems({ ...minimalSpec(), plugins: value })).toEqual([expected]);
  });
});
