import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Dataset } from '#core/dataset.js';
import { startEngine } from '#engine/engines.js';
import type { Engine } from '#engine/engine.js';
import { pcaTestError } from '#coordinator/pca.js';

const dataset = (features: number, rows: readonly (readonly number[])[]): Dataset => ({
  name: 'made',
  examples: rows.length,
  features,
  inputs: Float32Array.from(rows.flat()),
  scale: 1,
  labels: null,
  classes: null,
  targets: null,
  image: null,
});

/** An example that differs from the mean in one feature alone. */
const along = (mean: readonly number[], feature: number, by: number): number[] =>
  mean.map((value, index) => (index === feature ? value + by : value));

/** Deterministic numbers with 12 distinct variances. */
const waves = (examples: number, from: number): Dataset =>
  dataset(
    12,
    Array.from({ length: examples }, (_, row) =>
      Array.from({ length: 12 }, (_, j) => {
        const i = row + from;
        return Math.sin(0.37 * i * i + 1.1 * j * j + 0.73 * i * j) * (3 - 0.2 * j);
      }),
    ),
  );

describe.each(['reference', 'onnx', 'tfjs'])('PCA baseline on %s', (name) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await startEngine(name, 1);
  });
  afterAll(() => engine.close());

  it('leaves the variance along the other axes where the covariance is diagonal', async () => {
    const mean = [5, -2, 0.5, 1];
    const sizes = [4, 3, 2, 1];
    const rows = sizes.flatMap((size, axis) => [along(mean, axis, size), along(mean, axis, -size)]);
    const train = dataset(4, rows);
    // With components along axes 0 and 1, what lies along axes 2 and 3 is lost: 4 · (2² + 1²)/2 of 8 · 4.
    const error = await pcaTestError(engine, train, train, { components: 2, testExamples: null });
    expect(error).toBeCloseTo((2 * 2 ** 2 + 2 * 1 ** 2) / (8 * 4), 6);
    const test = dataset(4, [along(mean, 1, 7), along(mean, 3, 0.5)]);
    expect(await pcaTestError(engine, train, test, { components: 2, testExamples: null })).toBeCloseTo(
      0.5 ** 2 / (2 * 4),
      6,
    );
    expect(await pcaTestError(engine, train, test, { components: 2, testExamples: 1 })).toBeCloseTo(0, 6);
  });

  // numpy.linalg.svd (NumPy 2.4.6) of the same float32 numbers less their mean, in float64.
  it.each([
    [1, 2.0960324265165324],
    [3, 1.3829986071070106],
    [5, 0.977817148368681],
    [8, 0.39374102533458805],
  ])('agrees with NumPy: %i components leave %f', async (components, expected) => {
    const error = await pcaTestError(engine, waves(40, 0), waves(15, 100), {
      components,
      testExamples: null,
    });
    expect(Math.abs(error / expected - 1)).toBeLessThan(1e-4);
  });

  it('takes data of fewer dimensions than components', async () => {
    const train = dataset(3, [
      [1, 0, 0],
      [2, 0, 0],
      [3, 0, 0],
    ]);
    expect(await pcaTestError(engine, train, train, { components: 2, testExamples: null })).toBeCloseTo(0, 6);
  });

  it('leaves nothing on the engine', async () => {
    const { tensors } = await engine.statistics();
    expect(tensors).toBe(0);
  });
});
