import { describe, expect, it } from 'vitest';
import { minimalSpec, parse, specWith, specWithLayers } from './support.js';

describe('a valid spec', () => {
  it('gets every default', () => {
    expect(parse(minimalSpec())).toEqual({
      name: 'job',
      seed: 0,
      plugins: [],
      data: { train: { dataset: 'curves', examples: 100 }, test: null, targets: 'inputs' },
      network: {
        layers: [
          { units: 6, transfer: { name: 'tanh' } },
          { units: 784, transfer: { name: 'sigmoid' } },
        ],
        loss: { name: 'sigmoid_cross_entropy' },
        initializer: { weights: 'glorot_uniform', biases: 'notebook' },
      },
      training: {
        algorithm: 'locoprop',
        batchSize: 1000,
        epochs: 3,
        stopAfterEpochs: null,
        schedule: { name: 'constant' },
        correction: 0,
      },
      local: {
        loss: { name: 'matching' },
        target: { name: 'gradient_step', activationLearningRate: 10 },
        iterations: 10,
        schedule: 'linear',
        regularizer: { name: 'none' },
        optimizer: { name: 'rmsprop', learningRate: 1e-5, momentum: 0.999, decay: 0.9, epsilon: 1e-5 },
        solver: 'iterative',
        anderson: { memory: 5, regularization: 1e-4, mixing: 1 },
        form: 'auto',
        residualMomentum: 0,
      },
      kfac: {
        learningRate: 0.1,
        fisher: 'empirical',
        damping: 0.1,
        decay: 0.95,
        momentum: 0.9,
        updateEvery: 20,
        klClip: 0.1,
      },
      shampoo: {
        learningRate: 0.003,
        decay: 0.99,
        epsilon: 1e-6,
        graft: 'rmsprop',
        momentum: 0.9,
        updateEvery: 20,
      },
      guard: { enabled: true, limit: 1000, retries: 5, shrink: 0.1 },
      engine: { name: 'auto', threads: null },
      cluster: { wire: 'f32', leaseSeconds: 5 },
      queue: { priority: 0, retries: 3, timeLimitSeconds: null },
      evaluation: { everyEpochs: 1, trainExamples: null, testExamples: null, batchSize: null },
      checkpoints: { everyEpochs: 1, everySteps: null, keep: 3 },
      initialWeights: null,
    });
  });

  it.each([
    ['sgd', { learningRate: 1 }, {}],
    ['momentum', { learningRate: 1 }, { momentum: 0.9 }],
    ['nesterov', { learningRate: 1 }, { momentum: 0.9 }],
    ['adam', {}, { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }],
    ['rmsprop', { learningRate: 1 }, { momentum: 0.9, decay: 0.9, epsilon: 1e-5 }],
    ['adagrad', { learningRate: 1 }, { initialAccumulator: 0.1 }],
  ])('has the defaults of %s', (name, given, defaults) => {
    const { local } = parse(specWith({ local: { optimizer: { name, ...given } } }));
    expect(local.optimizer).toEqual({ name, ...given, ...defaults });
  });

  it.each([
    ['notebook', { name: 'notebook', warmupEpochs: 5 }],
    [
      { name: 'notebook', warmupEpochs: 0 },
      { name: 'notebook', warmupEpochs: 0 },
    ],
    ['cosine', { name: 'cosine', warmupEpochs: 0, floor: 0 }],
    [
      { name: 'step', everyEpochs: 3 },
      { name: 'step', everyEpochs: 3, factor: 0.1 },
    ],
  ])('has the schedule %j', (schedule, expected) => {
    expect(parse(specWith({ training: { epochs: 1, schedule } })).training.schedule).toEqual(expected);
  });

  it('gives a part its default hyperparameters, by its name or as a map', () => {
    const { network } = parse(
      specWithLayers([
        { units: 2, transfer: 'leaky_relu' },
        { units: 2, transfer: { name: 'leaky_relu', slope: 0.01 } },
      ]),
    );
    expect(network.layers.map(({ transfer }) => transfer)).toEqual([
      { name: 'leaky_relu', slope: 0.2 },
      { name: 'leaky_relu', slope: 0.01 },
    ]);
  });

  it('may say all of this of its data', () => {
    const file = {
      file: 'a.csv',
      format: 'csv',
      inputs: ['x', 3],
      labels: 'y',
      targets: 0,
      classes: 4,
      scale: 0.5,
      testShare: 0.2,
      split: 'test',
      skip: 0,
      examples: 7,
    };
    const curves = { dataset: 'curves', examples: 5, seed: 0, split: 'test' };
    const named = { dataset: 'fashion-mnist', examples: 5, split: 'train' };
    for (const source of [file, curves, named]) {
      expect(parse(specWith({ data: { train: source, test: source, targets: 'labels' } })).data).toEqual({
        train: source,
        test: source,
        targets: 'labels',
      });
    }
  });
});

describe('what a layer has of its own', () => {
  const localOf = (own: unknown, common?: unknown): unknown =>
    parse(
      specWithLayers(
        [{ units: 2, transfer: 'tanh', local: own }],
        common === undefined ? {} : { local: common },
      ),
    ).network.layers[0]?.local;

  it('is no more than what the spec says', () => {
    expect(localOf({ iterations: 5, loss: 'squared' })).toEqual({ iterations: 5, loss: { name: 'squared' } });
    expect(localOf({})).toEqual({});
  });

  it('is another part when it has a name', () => {
    const common = { optimizer: { name: 'rmsprop', learningRate: 1, momentum: 0.1 } };
    expect(localOf({ optimizer: { name: 'rmsprop', learningRate: 2 } }, common)).toEqual({
      optimizer: { name: 'rmsprop', learningRate: 2, momentum: 0.9, decay: 0.9, epsilon: 1e-5 },
    });
    expect(localOf({ optimizer: 'adam' }, common)).toMatchObject({ optimizer: { name: 'adam', beta1: 0.9 } });
  });

  it('is the common part with other hyperparameters when it has none', () => {
    const common = {
      optimizer: { name: 'momentum', learningRate: 1 },
      target: { activationLearningRate: 3 },
    };
    expect(localOf({ optimizer: { momentum: 0.5 }, target: {} }, common)).toEqual({
      optimizer: { name: 'momentum', learningRate: 1, momentum: 0.5 },
      target: { name: 'gradient_step', activationLearningRate: 3 },
    });
    expect(localOf({ optimizer: { learningRate: 2 } })).toEqual({
      optimizer: { name: 'rmsprop', learningRate: 2, momentum: 0.999, decay: 0.9, epsilon: 1e-5 },
    });
  });

  it('may be solved exactly on its own', () => {
    const own = { solver: 'exact', loss: 'squared', regularizer: { name: 'proximal', eta: 2 } };
    expect(localOf(own)).toMatchObject({ solver: 'exact' });
  });
});
