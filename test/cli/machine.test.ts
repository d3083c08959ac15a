import { engineNames } from '#core/engine-names.js';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { documentOf, locoprop, temporaryFolder } from './support.js';

const vectors = fileURLToPath(new URL('../vectors', import.meta.url));
let folder: string;
beforeAll(async () => {
  folder = await temporaryFolder();
});

interface Verification {
  readonly passed: boolean;
  readonly cases: readonly { name: string; error: number; tolerance: number; passed: boolean }[];
}

describe('verify', () => {
  it('passes the reference engine, and prints an error for each case', async () => {
    const { code, stdout } = await locoprop(['verify', vectors, '--engine', 'reference']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ok +[\d.]+e-\d+ of 1\.0e-9 {2}\S+ \((direct|gram|exact)\)$/m);
    expect(stdout).toMatch(/all \d+ cases passed\n$/);
  });

  it('passes the default engine within the tolerance of float32', async () => {
    const { passed, cases } = (await documentOf(['verify', vectors])) as unknown as Verification;
    expect(passed).toBe(true);
    for (const { error, tolerance } of cases) expect(error).toBeLessThanOrEqual(tolerance);
  });

  it('fails vectors that are wrong, and names them', async () => {
    const wrong = join(folder, 'wrong');
    await mkdir(wrong);
    const [first, second] = JSON.parse(await readFile(join(vectors, 'exact-solutions.json'), 'utf8')) as [
      { name: string; weights: number[][] },
      { name: string },
    ];
    first.weights[0]![0]! += 1e-6;
    await writeFile(join(wrong, 'cases.json'), JSON.stringify([first, second]));
    const { code, stdout } = await locoprop(['verify', wrong, '--engine', 'reference', '--json']);
    expect(code).toBe(1);
    const { passed, cases } = JSON.parse(stdout) as Verification;
    expect(passed).toBe(false);
    expect(cases.filter((one) => !one.passed).map(({ name }) => name)).toContain(first.name);
    expect(cases.filter((one) => one.passed).map(({ name }) => name)).toContain(second.name);
    expect((await locoprop(['verify', wrong, '--engine', 'reference'])).stdout).toMatch(
      /^FAILED .*: weights/m,
    );
  });

  it('refuses what is no vector', async () => {
    const none = join(folder, 'none');
    await mkdir(none);
    await writeFile(join(none, 'cases.json'), '[{"name": "nothing"}]');
    const { code, stderr } = await locoprop(['verify', none]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error VECTORS_INVALID: .*cases\.json.*case "nothing"/);
  });
});

describe('doctor', () => {
  it('tells engines and their speed, and where data are', async () => {
    const data = join(folder, 'data/mnist');
    await mkdir(data, { recursive: true });
    for (const split of ['train', 't10k']) {
      await writeFile(join(data, `${split}-images-idx3-ubyte`), '');
      await writeFile(join(data, `${split}-labels-idx1-ubyte.gz`), '');
    }
    const env = { LOCOPROP_DATA_DIR: join(folder, 'data'), XDG_CACHE_HOME: join(folder, 'cache') };
    const diagnosis = await documentOf(['doctor'], { env });
    expect(diagnosis).toMatchObject({ node: { version: process.versions.node, supported: true } });
    const engines = diagnosis['engines'] as { name: string; available: boolean; gflops: number }[];
    const named = Object.fromEntries(engines.map((engine) => [engine.name, engine]));
    expect(Object.keys(named)).toEqual([...engineNames]);
    expect(named).toMatchObject({
      onnx: { available: true, wrong: null },
      tfjs: { available: true, wrong: null },
      reference: { available: true, wrong: null },
    });
    expect(named['onnx']!.gflops).toBeGreaterThan(named['reference']!.gflops);
    expect((diagnosis['auto'] as { reason: string }).reason).toMatch(/onnx [\d.]+ GFLOP\/s/);
    expect(diagnosis['data']).toMatchObject([
      { name: 'mnist', found: data },
      { name: 'fashion-mnist', found: null },
    ]);
    const { stdout } = await locoprop(['doctor', '--threads', '1'], { env });
    expect(stdout).toMatch(/^ {2}onnx: [\d.]+ GFLOP\/s on 1 thread, float32 /m);
    expect(stdout).toContain(`mnist: ${data}`);
    expect(stdout, 'an engine that is not here').toContain('docs/gpu.md');
    expect(stdout).not.toContain('locoprop doctor');
    expect(stdout).toContain('set LOCOPROP_DATA_DIR to the folder above it');
  });

  if (process.platform !== 'linux') console.warn('Skipped: only on Linux does ONNX Runtime report at once.');
  // On other systems ONNX Runtime keeps what it would report elsewhere, or reports nothing.
  it.runIf(process.platform === 'linux')(
    'has ONNX Runtime report to its makers only if asked to',
    async () => {
      // Where one of these says that a service builds and tests, it reports nothing.
      const names = ['CI', 'TF_BUILD', 'GITHUB_ACTIONS', 'JENKINS_URL'];
      const noServices = Object.fromEntries(names.map((name) => [name, undefined]));
      const reportsOf = async (name: string, choice: string | undefined): Promise<string[]> => {
        const home = join(folder, name);
        await mkdir(home);
        const env = { ...noServices, ORT_DISABLE_TELEMETRY: choice, HOME: home, XDG_CACHE_HOME: home };
        const { code } = await locoprop(['doctor'], { env });
        expect(code).toBe(0);
        const files = await readdir(home, { recursive: true });
        return files.filter((file) => /onnxruntime/i.test(file));
      };
      expect(await reportsOf('unasked', undefined)).toEqual([]);
      expect(await reportsOf('asked', '0')).not.toEqual([]);
    },
  );
});

describe('init', () => {
  it('writes a spec that trains, and replaces nothing unasked', async () => {
    expect((await locoprop(['init', 'mine.yaml'], { cwd: folder })).code).toBe(0);
    expect(await readFile(join(folder, 'mine.yaml'), 'utf8')).toMatch(/^#/m);
    const small = [
      '--set',
      'training.epochs=1',
      '--set',
      'data.train.examples=100',
      '--set',
      'data.test.examples=50',
    ];
    const batch = ['--set', 'training.batchSize=50'];
    const summary = await documentOf(['train', 'mine.yaml', ...small, ...batch], { cwd: folder });
    expect(summary).toMatchObject({ job: 'mine', outcome: 'completed', epochs: 1, steps: 2 });

    const refused = await locoprop(['init', 'mine.yaml'], { cwd: folder });
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/^error CLI_FILE_EXISTS: The file mine\.yaml exists already/);
    await copyFile(join(folder, 'mine.yaml'), join(folder, 'other.yaml'));
    await writeFile(join(folder, 'other.yaml'), 'mine');
    expect(await documentOf(['init', 'other.yaml', '--force'], { cwd: folder })).toEqual({
      file: 'other.yaml',
    });
    expect(await readFile(join(folder, 'other.yaml'), 'utf8')).not.toBe('mine');
  });
});
