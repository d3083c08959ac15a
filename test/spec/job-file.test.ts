import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocopropError } from '#core/errors/error.js';
import { readJob, resolvedYaml } from '#services/configuration/job-file.js';
import { minimalSpec, specWith } from './support.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'locoprop-spec-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function write(name: string, content: string | Uint8Array): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, content);
  return file;
}

const writeSpec = (name: string, spec: unknown): Promise<string> => write(name, JSON.stringify(spec));

async function refused(file: string): Promise<LocopropError> {
  const error: unknown = await readJob(file).then(
    () => undefined,
    (cause: unknown) => cause,
  );
  expect(error).toBeInstanceOf(LocopropError);
  return error as LocopropError;
}

describe('a spec file', () => {
  it('may be YAML or JSON', async () => {
    const yaml = 'data: { train: { dataset: mnist } }\nnetwork:\n  loss: squared_error\n';
    const rest = '  layers:\n    - { units: 4, transfer: tanh }\ntraining: { epochs: 2 }\n';
    expect((await readJob(await write('a.yaml', yaml + rest))).spec.network.loss.name).toBe('squared_error');
    expect((await readJob(await writeSpec('a.json', minimalSpec()))).spec.training.epochs).toBe(3);
  });

  it.each([
    ['deep-net.yaml', 'deep-net'],
    ['My Network (2).json', 'my-network-2'],
    ['---.yaml', 'job'],
    [`${'x'.repeat(100)}.yaml`, 'x'.repeat(63)],
  ])('%s gives its name to the job %s', async (name, job) => {
    expect((await readJob(await writeSpec(name, minimalSpec()))).spec.name).toBe(job);
  });

  it('has its overrides applied in their order', async () => {
    const file = await writeSpec('overridden.json', minimalSpec());
    const { spec } = await readJob(file, [
      { path: ['network', 'layers', '0', 'transfer'], value: 'leaky_relu' },
      { path: ['network', 'layers', '0', 'transfer', 'slope'], value: 0.5 },
      { path: ['name'], value: 'other' },
    ]);
    expect(spec.network.layers[0]?.transfer).toEqual({ name: 'leaky_relu', slope: 0.5 });
    expect(spec.name).toBe('other');
  });

  it('is named in what is wrong with it', async () => {
    const file = await writeSpec('wrong.json', specWith({ seed: -1 }));
    const { message } = await refused(file);
    expect(message).toBe(`${file} has a problem:\n  seed is -1; allowed: a whole number, at least 0`);
    const broken = await write('broken.yaml', 'a: [1,\n');
    expect((await refused(broken)).message).toMatch(`${broken}:2:1: `);
  });

  it('is refused when it is not there, no file, no text or too large', async () => {
    const missing = await refused(join(folder, 'missing.yaml'));
    expect(missing.code).toBe('SPEC_FILE_MISSING');
    expect(missing.exitCode).toBe(2);

    const directory = await refused(folder);
    expect(directory.message).toBe(`The spec ${folder} cannot be read: it is no regular file.`);

    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    expect((await refused(pipe)).message).toBe(`The spec ${pipe} cannot be read: it is no regular file.`);

    const binary = await write('binary.yaml', new Uint8Array([0x61, 0x3a, 0xff, 0xfe]));
    expect((await refused(binary)).message).toBe(`The spec ${binary} cannot be read: it is no UTF-8 text.`);

    const large = await write('large.yaml', `# ${'x'.repeat(2 ** 20)}`);
    expect((await refused(large)).message).toBe(
      `The spec ${large} cannot be read: it is larger than 1048576 bytes.`,
    );

    expect((await refused(join(await write('file', ''), 'below.yaml'))).code).toBe('STORE_READ_FAILED');
  });
});

describe('the spec that a run keeps', () => {
  it('reads the same from everywhere', async () => {
    const halfStep = fileURLToPath(new URL('fixtures/half-step.ts', import.meta.url));
    await write('half-step.ts', `export { default } from ${JSON.stringify(halfStep)};\n`);
    const file = await writeSpec(
      'kept.json',
      specWith({
        plugins: ['half-step.ts'],
        local: {
          target: { name: 'half_step', rate: 1e-7 },
          optimizer: { learningRate: 1.2345678901234567e-8 },
        },
        initialWeights: 'runs/other',
        data: {
          train: { file: 'data/train.npy', targets: 'data/answers.npy' },
          test: { file: '../test.idx', labels: '/abs/labels.idx' },
        },
      }),
    );
    const { spec, directory } = await readJob(file);
    expect(directory).toBe(folder);
    expect(spec).toMatchObject({
      plugins: [join(folder, 'half-step.ts')],
      initialWeights: join(folder, 'runs/other'),
      data: {
        train: { file: join(folder, 'data/train.npy'), targets: join(folder, 'data/answers.npy') },
        test: { file: join(folder, '../test.idx'), labels: '/abs/labels.idx' },
      },
    });
    await mkdir(join(folder, 'run'), { recursive: true });
    const kept = await write('run/spec.yaml', resolvedYaml(spec));
    expect((await readJob(kept)).spec).toEqual(spec);
  });

  it('names columns and arrays as they are', async () => {
    const train = { file: 'a.csv', labels: 'species', targets: ['x', 2] };
    const test = { file: 'strange', format: 'npz', labels: 'y', targets: 'z' };
    const { spec } = await readJob(await writeSpec('columns.json', specWith({ data: { train, test } })));
    expect(spec.data.train).toEqual({ ...train, file: join(folder, 'a.csv') });
    expect(spec.data.test).toEqual({ ...test, file: join(folder, 'strange') });
  });

  it('is YAML that people can read', async () => {
    const { spec } = await readJob(await writeSpec('readable.json', minimalSpec()));
    expect(resolvedYaml(spec).split('\n')).toEqual(
      expect.arrayContaining([
        'name: readable',
        'plugins: []',
        '  train: { dataset: curves, examples: 100 }',
        '    - units: 6',
        '      transfer: { name: tanh }',
        'guard: { enabled: true, limit: 1000, retries: 5, shrink: 0.1 }',
      ]),
    );
  });
});
