import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { documentOf, folderWithSpec, locoprop } from './support.js';

const RUN = 'runs/tiny';
const curves = '{dataset: curves, examples: 32, split: test}';

let folder: string;
let summary: { final: { testLoss: number; testError: number; trainLoss: number } };
beforeAll(async () => {
  folder = await folderWithSpec();
  summary = (await documentOf(['train', 'tiny.yaml'], { cwd: folder })) as typeof summary;
});

const run = (...args: string[]) => locoprop(args, { cwd: folder });
const document = (...args: string[]) => documentOf(args, { cwd: folder });

/** The rows of an NPY file of little-endian float32 (NumPy Enhancement Proposal 1). */
async function readNpy(file: string): Promise<{ header: string; values: number[] }> {
  const bytes = await readFile(join(folder, file));
  expect(bytes.subarray(0, 8)).toEqual(Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]));
  const start = 10 + bytes.readUInt16LE(8);
  expect(start % 64).toBe(0);
  const count = (bytes.length - start) / 4;
  const values = Array.from({ length: count }, (_, index) => bytes.readFloatLE(start + 4 * index));
  return { header: bytes.subarray(10, start).toString('latin1').trim(), values };
}

describe('evaluate', () => {
  it('measures what the run itself measured', async () => {
    const result = await document('evaluate', RUN, curves);
    expect(result).toMatchObject({ examples: 32, step: 8, accuracy: null });
    expect(result['loss']).toBeCloseTo(summary.final.testLoss, 3);
    expect(result['meanSquaredError']).toBeCloseTo(summary.final.testError, 6);
  });

  it('takes the best checkpoint and another engine', async () => {
    const { code, stdout } = await run(
      'evaluate',
      RUN,
      curves,
      '--checkpoint',
      'best',
      '--engine',
      'reference',
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^examples +32\nloss +[\d.]+\nerror \(mean squared\) +0\.\d+\n\nof runs\/tiny\/checkpoints\/best/,
    );
  });

  it('refuses an unknown data set with a near miss', async () => {
    const { code, stderr } = await run('evaluate', RUN, '{dataset: curvs, examples: 3}');
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^error SPEC_INVALID: DATA has a problem:\n {2}dataset [^]*did you mean "?curves"?/,
    );
  });

  it('tells a data set from a file, and where the path of a file starts', async () => {
    const named = await run('evaluate', RUN, 'mnist');
    expect(named.code).toBe(2);
    expect(named.stderr).toMatch(/^error CLI_USAGE: .* write '\{dataset: mnist\}'\./);
    const missing = await run('evaluate', RUN, 'missing.npy');
    expect(missing.code).toBe(2);
    expect(missing.stderr).toMatch(
      /^error DATA_FILE_MISSING: [^]* those of arguments at the working directory\./,
    );
  });
});

describe('predict', () => {
  it('writes the outputs, the same as CSV and as NPY, for a file in the working directory', async () => {
    const pixels = Array.from({ length: 3 }, (_, row) =>
      Array.from({ length: 784 }, (_, i) => ((row + 1) * i) % 2),
    );
    await writeFile(join(folder, 'pixels.csv'), pixels.map((row) => `${row.join(',')}\n`).join(''));
    const npy = await document('predict', RUN, 'pixels.csv', '--out', 'out.npy');
    expect(npy).toMatchObject({ examples: 3, outputs: 784, file: 'out.npy' });
    const { header, values } = await readNpy('out.npy');
    expect(header).toBe("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 784), }");
    expect(values).toHaveLength(3 * 784);
    expect(values.every((value) => value > 0 && value < 1)).toBe(true);

    expect((await run('predict', RUN, 'pixels.csv', '--out', 'out.csv')).code).toBe(0);
    const [names = '', ...lines] = (await readFile(join(folder, 'out.csv'), 'utf8')).trim().split('\n');
    expect(names.split(',').slice(0, 2)).toEqual(['output_0', 'output_1']);
    expect(lines.flatMap((line) => line.split(',').map((cell) => Math.fround(Number(cell))))).toEqual(values);
  });

  it('refuses a name that tells no format before anything is read', async () => {
    const { code, stderr } = await run('predict', 'nowhere', curves, '--out', 'out.txt');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error CLI_USAGE: --out takes a file ending in \.npy or \.csv, not "out\.txt"\./);
  });

  it('refuses data of another width', async () => {
    await writeFile(join(folder, 'narrow.csv'), '1,2,3\n4,5,6\n');
    const { code, stderr } = await run('predict', RUN, 'narrow.csv', '--out', 'out.npy');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error DATA_WIDTH_MISMATCH: .* 3 inputs; the network takes 784/);
  });
});

describe('export', () => {
  it.each([
    ['tfjs', 'model.json'],
    ['onnx', 'model.onnx'],
    ['safetensors', 'model.safetensors'],
  ])('writes %s', async (format, file) => {
    const { files } = await document('export', RUN, '--format', format);
    expect((files as string[]).at(-1)).toBe(join(RUN, 'export', format, file));
    expect((await readFile(join(folder, RUN, 'export', format, file))).length).toBeGreaterThan(100);
  });

  it('writes to a folder of choice', async () => {
    const { code, stdout } = await run(
      'export',
      RUN,
      '--format',
      'onnx',
      '--out',
      'models',
      '--checkpoint',
      'best',
    );
    expect(code).toBe(0);
    expect(stdout).toContain('Wrote models/model.onnx from runs/tiny/checkpoints/best.safetensors, step 8');
  });
});

describe('a classifier', () => {
  const spec = `
data:
  train: { file: points.csv, labels: 2 }
  test: { file: points.csv, labels: 2 }
  targets: labels
network:
  layers:
    - { units: 8, transfer: { name: relu } }
    - { units: 2, transfer: { name: softmax } }
  loss: { name: softmax_cross_entropy }
training: { algorithm: backprop, batchSize: 10, epochs: 40 }
local: { optimizer: { name: adam, learningRate: 0.02 } }
evaluation: { everyEpochs: 40 }
checkpoints: { everyEpochs: 40 }
`;

  it('tells its accuracy and the classes that it chose', async () => {
    // Two classes that a line separates.
    const points = Array.from({ length: 40 }, (_, i) => [Math.cos(i), Math.sin(i), Number(Math.cos(i) > 0)]);
    await mkdir(join(folder, 'classes'));
    await writeFile(join(folder, 'classes/points.csv'), points.map((row) => `${row.join(',')}\n`).join(''));
    await writeFile(join(folder, 'classes/spec.yaml'), spec);
    const { stdout, code } = await run('train', 'classes/spec.yaml', '--out', 'classifier');
    expect(code).toBe(0);
    expect(stdout).toMatch(/test accuracy +[\d.]+ % +100\.00 %/);
    expect(stdout).not.toContain('PCA');

    const data = '{file: classes/points.csv, labels: 2, examples: 20}';
    expect(await document('evaluate', 'classifier', data)).toMatchObject({ examples: 20, accuracy: 1 });
    expect((await run('predict', 'classifier', data, '--out', 'classes.csv')).code).toBe(0);
    const [names, ...lines] = (await readFile(join(folder, 'classes.csv'), 'utf8')).trim().split('\n');
    expect(names).toBe('class,output_0,output_1');
    expect(lines.map((line) => Number(line.split(',')[0]))).toEqual(points.slice(0, 20).map((row) => row[2]));
  });
});
