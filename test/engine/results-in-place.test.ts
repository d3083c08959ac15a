import { compileRoutine } from '#core/expression/routine.js';
import { input, multiply } from '#core/expression/expression.js';
import { buildModel } from '#engine/onnx/model.js';
import { STANDARD_FORM } from '#engine/onnx/form.js';
import { runInPlace } from '#engine/onnx/results-in-place.js';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';

const twice = compileRoutine({ name: 'twice', setup: { y: multiply(input('x'), 2) }, outputs: ['y'] });
const { bytes, results } = buildModel(twice, new Map([['x', [1, 3]]]), 0, STANDARD_FORM, true);
const { value: y } = results.get('y')!;

const session = (): Promise<ort.InferenceSession> =>
  ort.InferenceSession.create(bytes, { executionProviders: ['cpu'] });
const given = (...numbers: number[]): Record<string, ort.Tensor> => ({
  'matrix x': new ort.Tensor('float32', Float32Array.from(numbers), [1, numbers.length]),
});
const place = (): ort.Tensor => new ort.Tensor('float32', new Float32Array(3), [1, 3]);

describe('a result with a place', () => {
  it('is there', async () => {
    const own = place();
    await runInPlace(await session(), given(1, 2, 3), { [y]: own });
    expect(own.data).toEqual(Float32Array.of(2, 4, 6));
  });

  it('is missing where the run fails, which is told', async () => {
    const run = runInPlace(await session(), given(1, 2), { [y]: place() });
    await expect(run).rejects.toThrow(/invalid dimensions/);
  });

  it('would be copied if it were asked for by itself; else all of this could go', async () => {
    const own = place();
    const returned = (await (await session()).run(given(1, 2, 3), { [y]: own }))[y]!;
    expect(own.data).toEqual(returned.data);
    own.data[0] = 9;
    expect(returned.data[0]).toBe(2);
  });
});
