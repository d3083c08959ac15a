import { initialBias, initialWeights, type WeightInitializer } from '#core/initializers.js';
import { describe, expect, it } from 'vitest';

const [INPUTS, UNITS] = [120, 80];
const layer = { seed: 9, layer: 0, inputs: INPUTS, units: UNITS };

const mean = (values: readonly number[]): number => values.reduce((x, y) => x + y, 0) / values.length;

const variances: Record<WeightInitializer, number> = {
  glorot_uniform: 2 / (INPUTS + UNITS),
  glorot_normal: 2 / (INPUTS + UNITS),
  he_uniform: 2 / INPUTS,
  he_normal: 2 / INPUTS,
  lecun_uniform: 1 / INPUTS,
  lecun_normal: 1 / INPUTS,
};
const names = Object.keys(variances) as WeightInitializer[];

describe('initial weights', () => {
  // Over 9600 draws the sample's moments stay within four standard errors.
  it.each(names)('%s have the mean and variance of their rule (seed 9)', (name) => {
    const { rows, columns, data } = initialWeights(name, layer);
    expect([rows, columns, data.length]).toEqual([INPUTS, UNITS, INPUTS * UNITS]);
    const [values, count] = [[...data], data.length];
    const variance = variances[name];
    // The fourth moment of a uniform number is 9/5 of its squared variance, of a normal one 3 times.
    const excess = (name.endsWith('uniform') ? 9 / 5 : 3) - 1;
    expect(Math.abs(mean(values))).toBeLessThan(4 * Math.sqrt(variance / count));
    const found = mean(values.map((value) => value * value));
    expect(Math.abs(found / variance - 1)).toBeLessThan(4 * Math.sqrt(excess / count));
  });

  it.each(names.filter((name) => name.endsWith('uniform')))(
    '%s fill the range ±√(3·variance) (seed 9)',
    (name) => {
      const limit = Math.fround(Math.sqrt(3 * variances[name]));
      const sizes = initialWeights(name, layer).data.map(Math.abs);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(limit);
      expect(Math.max(...sizes)).toBeGreaterThan(0.99 * limit);
    },
  );

  it('depend on the seed and the layer alone', () => {
    const weights = (change: Partial<typeof layer> = {}): Float32Array =>
      initialWeights('he_normal', { ...layer, ...change }).data;
    expect(weights()).toEqual(weights());
    expect(weights({ seed: 10 })).not.toEqual(weights());
    expect(weights({ layer: 1 })).not.toEqual(weights());
  });
});

describe('initial biases', () => {
  it('of the notebook fill the range ±√(6/(2·units)) (seed 9)', () => {
    const units = 2000;
    const limit = Math.sqrt(6 / (2 * units));
    const { rows, columns, data } = initialBias('notebook', { seed: 9, layer: 0, units });
    expect([rows, columns]).toEqual([1, units]);
    expect(Math.max(...data.map(Math.abs))).toBeLessThanOrEqual(Math.fround(limit));
    expect(Math.max(...data)).toBeGreaterThan(0.98 * limit);
    expect(Math.min(...data)).toBeLessThan(-0.98 * limit);
  });

  it('are zero where that is asked for', () => {
    expect([...initialBias('zero', { seed: 9, layer: 0, units: 3 }).data]).toEqual([0, 0, 0]);
  });

  it('are drawn apart from the weights', () => {
    const weights = initialWeights('glorot_uniform', { seed: 9, layer: 0, inputs: 1, units: 1 }).data[0]!;
    const bias = initialBias('notebook', { seed: 9, layer: 0, units: 1 }).data[0]!;
    expect(bias).not.toBe(weights);
  });
});
