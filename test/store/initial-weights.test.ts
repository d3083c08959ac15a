import { encodeSafetensors } from '#services/safetensors/encode.js';
import { readInitialWeights } from '#services/store/initial-weights.js';
import { createRun } from '#services/store/run.js';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { failureOf, stateAt, temporaryFolder } from './support.js';

const PYTHON = fileURLToPath(new URL('fixtures/python.safetensors', import.meta.url));
const SHAPES = [
  { inputs: 3, units: 4 },
  { inputs: 4, units: 2 },
];

async function runWith(...steps: number[]): Promise<string> {
  const directory = join(await temporaryFolder(), 'run');
  const run = await createRun({
    job: 'a',
    root: '',
    directory,
    spec: '',
    keepCheckpoints: 9,
    program: 'test',
  });
  for (const step of steps) await run.saveCheckpoint(stateAt(step), false);
  await run.close();
  return directory;
}

const parametersAt = (step: number): unknown =>
  stateAt(step).layers.map(({ weights, bias }) => ({ weights, bias }));

describe('initial weights', () => {
  it('come from the newest whole checkpoint of a run', async () => {
    const directory = await runWith(1, 2, 3);
    await appendFile(join(directory, 'checkpoints/step-00000003.safetensors'), 'x');
    const { layers, file, damaged } = await readInitialWeights(directory, SHAPES);
    expect(layers).toEqual(parametersAt(2));
    expect(file).toBe(join(directory, 'checkpoints/step-00000002.safetensors'));
    expect(damaged.map((one) => one.file)).toEqual(['checkpoints/step-00000003.safetensors']);
  });

  it('come from one checkpoint, whose digest is checked', async () => {
    const file = join(await runWith(1), 'checkpoints/step-00000001.safetensors');
    expect((await readInitialWeights(file, SHAPES)).layers).toEqual(parametersAt(1));
    const bytes = await readFile(file);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    await writeFile(file, bytes);
    expect(await failureOf(readInitialWeights(file, SHAPES))).toMatchObject({
      code: 'STORE_CHECKPOINT_DAMAGED',
    });
  });

  it('come from a safetensors file of another program', async () => {
    const shapes = [
      { inputs: 2, units: 3 },
      { inputs: 3, units: 1 },
    ];
    const { layers } = await readInitialWeights(PYTHON, shapes);
    expect(layers).toEqual([
      {
        weights: { rows: 2, columns: 3, data: Float32Array.of(0, 0.25, 0.5, 0.75, 1, 1.25) },
        bias: { rows: 1, columns: 3, data: Float32Array.of(0.5, -0, Infinity) },
      },
      {
        weights: { rows: 3, columns: 1, data: Float64Array.of(1.5, Math.PI, -2) },
        bias: { rows: 1, columns: 1, data: Float64Array.of(1e-300) },
      },
    ]);
  });

  it.each([
    ['another number of layers', SHAPES.slice(0, 1), /of 2 layers, the network has 1/],
    [
      'another shape',
      [{ inputs: 3, units: 5 }, SHAPES[1]!],
      /layer 0 has weights \[3, 4\], the network has \[3, 5\]/,
    ],
  ])('of %s are refused', async (_, shapes, message) => {
    expect(await failureOf(readInitialWeights(await runWith(1), shapes))).toMatchObject({
      code: 'STORE_WEIGHTS_MISMATCH',
      exitCode: 2,
      message: expect.stringMatching(message) as string,
    });
  });

  it.each<[string, Record<string, { shape: number[]; data: Float32Array }>, RegExp]>([
    ['no layers', { other: { shape: [1], data: new Float32Array(1) } }, /no tensor layers\.0\.weights/],
    [
      'flat weights',
      { 'layers.0.weights': { shape: [1, 1, 1], data: new Float32Array(1) } },
      /shape \[1, 1, 1\]/,
    ],
  ])('from a file with %s are refused', async (_, tensors, message) => {
    const file = join(await temporaryFolder(), 'x.safetensors');
    await writeFile(file, Buffer.concat(encodeSafetensors(tensors)));
    expect(await failureOf(readInitialWeights(file, SHAPES))).toMatchObject({
      code: 'STORE_WEIGHTS_MISMATCH',
      message: expect.stringMatching(message) as string,
    });
  });

  it('that are not there, or no file, are refused', async () => {
    const missing = join(await temporaryFolder(), 'missing');
    expect(await failureOf(readInitialWeights(missing, SHAPES))).toMatchObject({
      code: 'STORE_READ_FAILED',
      message: `Cannot read ${missing}: no such file or directory`,
    });
    expect(await failureOf(readInitialWeights('/dev/zero', SHAPES))).toMatchObject({
      code: 'STORE_READ_FAILED',
      message: 'Cannot read /dev/zero: it is not a file',
    });
  });
});
