import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { epochFactor } from '#core/schedules.js';
import type { JobSpec } from '#core/spec/job-spec.js';
import { readCompare } from '#services/configuration/compare-file.js';
import { initialSpecText } from '#services/configuration/initial-spec.js';
import { readJob } from '#services/configuration/job-file.js';
import { parseYaml } from '#services/configuration/yaml-text.js';

const root = new URL('../../', import.meta.url);
const pathOf = (name: string): string => fileURLToPath(new URL(`examples/${name}.yaml`, root));

async function read(name: string): Promise<JobSpec> {
  return (await readJob(pathOf(name))).spec;
}

/** Units and transfer functions, first layer first. */
const shape = ({ network }: JobSpec): string =>
  network.layers.map(({ units, transfer }) => `${units} ${transfer.name}`).join(', ');

describe('examples', () => {
  it('are right for editors, by the schema that each of them names', async () => {
    const files = await readdir(new URL('examples/', root));
    const examples = files.filter((file) => file.endsWith('.yaml'));
    expect(examples.length).toBeGreaterThanOrEqual(4);
    for (const file of examples) {
      const kind = file.startsWith('compare-') ? 'compare' : 'job';
      const schema = new URL(`schema/${kind}.schema.json`, root);
      const accepts = new Ajv2020({ strict: false }).compile(
        JSON.parse(await readFile(schema, 'utf8')) as object,
      );
      const url = new URL(`examples/${file}`, root);
      const text = await readFile(url, 'utf8');
      const [, named = ''] = /^# yaml-language-server: \$schema=(\S+)$/m.exec(text) ?? [];
      expect(new URL(named, url).href).toBe(schema.href);
      expect(accepts(parseYaml(text, file)), `${file}: ${JSON.stringify(accepts.errors)}`).toBe(true);
    }
  });

  it.each(['compare-curves', 'compare-mnist'])(
    'every run that %s may come to has a right spec',
    async (name) => {
      const { contenders } = await readCompare(pathOf(name), []);
      expect(contenders.length).toBeGreaterThanOrEqual(4);
      const algorithms = new Set<string>();
      for (const { trials, fullRun } of contenders) {
        expect(new Set(trials.map(({ job }) => JSON.stringify(job.spec))).size).toBe(trials.length);
        algorithms.add((await fullRun(trials[0]!.setting)).spec.training.algorithm);
      }
      expect(algorithms).toContain('locoprop');
      expect(algorithms).toContain('backprop');
    },
  );

  it("mnist-autoencoder is the paper's benchmark", async () => {
    const spec = await read('mnist-autoencoder');
    expect(shape(spec)).toBe(
      '1000 tanh, 500 tanh, 250 tanh, 30 identity, 250 tanh, 500 tanh, 1000 tanh, 784 sigmoid',
    );
    expect(spec.network.loss.name).toBe('sigmoid_cross_entropy');
    expect(spec.network.initializer).toEqual({ weights: 'glorot_uniform', biases: 'notebook' });
    expect(spec.data).toEqual({
      train: { dataset: 'mnist', split: 'train' },
      test: { dataset: 'mnist', split: 'test' },
      targets: 'inputs',
    });
    expect(spec.training).toEqual({
      algorithm: 'locoprop',
      batchSize: 1000,
      epochs: 100,
      stopAfterEpochs: null,
      schedule: { name: 'notebook', warmupEpochs: 5 },
      correction: 0,
    });
    expect(spec.local).toMatchObject({
      residualMomentum: 0,
      loss: { name: 'matching' },
      target: { name: 'gradient_step', activationLearningRate: 10 },
      iterations: 10,
      schedule: 'linear',
      regularizer: { name: 'none' },
      optimizer: { name: 'rmsprop', learningRate: 1e-5, momentum: 0.999, decay: 0.9, epsilon: 1e-5 },
    });
  });

  it('curves-autoencoder is the network of the deep-autoencoder literature', async () => {
    const spec = await read('curves-autoencoder');
    expect(shape(spec)).toBe(
      '400 tanh, 200 tanh, 100 tanh, 50 tanh, 25 tanh, 6 identity, ' +
        '25 tanh, 50 tanh, 100 tanh, 200 tanh, 400 tanh, 784 sigmoid',
    );
    expect(spec.network.loss.name).toBe('sigmoid_cross_entropy');
    expect(spec.local.loss.name).toBe('matching');
    expect(spec.data.train).toMatchObject({ dataset: 'curves', examples: 20_000 });
    expect(spec.data.test).toMatchObject({ dataset: 'curves', examples: 4000 });
  });

  it('mnist-classifier learns labels with relu and softmax', async () => {
    const spec = await read('mnist-classifier');
    expect(shape(spec)).toBe('512 relu, 256 relu, 10 softmax');
    expect(spec.network.loss.name).toBe('softmax_cross_entropy');
    expect(spec.data.targets).toBe('labels');
    expect(spec.local.loss.name).toBe('matching');
  });

  it('the text of `init` is a spec that names the schema of this installation', async () => {
    const text = initialSpecText();
    expect(parseYaml(text, 'init')).toEqual(
      parseYaml(await readFile(pathOf('template'), 'utf8'), 'template'),
    );
    const [, schema = ''] = /^# yaml-language-server: \$schema=(.*)$/m.exec(text) ?? [];
    expect(JSON.parse(await readFile(schema, 'utf8'))).toMatchObject({ title: 'locoprop job spec' });
  });
});

describe('the template', () => {
  it('learns from the first epoch on, however few there are', async () => {
    const { training } = await read('template');
    expect(epochFactor(training.schedule, 0, training.epochs)).toBeGreaterThan(0);
    expect(epochFactor(training.schedule, 0, 1)).toBeGreaterThan(0);
  });

  it('tells the defaults of what it leaves out', async () => {
    const text = await readFile(pathOf('template'), 'utf8');
    const left = [...text.matchAll(/^ *# ([a-zA-Z]+: (?:\{.*?\}|\[\]|\S+))(?= |$)/gm)]
      .map(([, field = '']) => field)
      .filter((field) => !/^(?:name|train|test):/.test(field));
    expect(left.length).toBeGreaterThanOrEqual(9);
    const spec = await read('template');
    // A field that is in several sections stands in its own one's place in the template.
    const defaults: Record<string, unknown> = {
      ...spec.training,
      ...spec.network,
      ...spec,
      ...spec.local,
    };
    for (const field of left) {
      const stated = parseYaml(field, 'template') as Record<string, unknown>;
      const key = Object.keys(stated)[0]!;
      const value = stated[key];
      const actual = defaults[key];
      const isNamed = typeof value === 'string' && typeof actual === 'object';
      expect({ [key]: actual }).toEqual({ [key]: isNamed ? { name: value } : value });
    }
  });
});
