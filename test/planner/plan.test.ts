import { stepsBetweenSlots } from '#coordinator/planner/cost.js';
import { planStep } from '#coordinator/planner/plan-step.js';
import type { Plan } from '#coordinator/planner/plan.js';
import { predictStep } from '#coordinator/planner/predict.js';
import { replan } from '#coordinator/planner/replan.js';
import { partBytes } from '#core/part-memory.js';
import { describe, expect, it } from 'vitest';
import {
  autoencoder,
  elementwise,
  layerOf,
  layersOf,
  placeOf,
  placeOfColumns,
  placesOf,
  widthOf,
  workloadOf,
} from './support.js';

const K = 10;
const BATCH = 2000;

describe('the prediction', () => {
  it('of one layer on two equal places is the sum of what follows on one another', () => {
    const [inputs, units, gflops, bandwidth] = [500, 320, 50, 1e8];
    const work = workloadOf([layerOf(inputs, units)], { coordinator: { gflops: 100, bandwidth: 1e12 } });
    const plan = planStep(work, placesOf(2, { gflops, bandwidth }));
    expect(plan.parts.map(({ start, end }) => [start, end])).toEqual([
      [0, 160],
      [160, 320],
    ]);
    const half = units / 2;
    const down = (4 * BATCH * (inputs + half)) / bandwidth;
    const solve = (2 * K * 2 * BATCH * inputs * half + elementwise(inputs, half, BATCH, K)) / (gflops * 1e9);
    const up = (4 * (inputs + 1) * half) / bandwidth;
    const forward = (2 * BATCH * inputs * units) / 100e9;
    expect(plan.predictedSeconds).toBeCloseTo(down + solve + up + forward, 9);
  });

  it('lets a place receive the next part while it solves, and the sweep go on meanwhile', () => {
    // Layer 1 leaves at 0, layer 0 after the sweep: with 100×100 and B = 1000, 20 ms at 1 GFLOP/s.
    const work = workloadOf(layersOf([100, 100, 100], { iterations: 1 }), {
      batch: 1000,
      coordinator: { gflops: 1, bandwidth: 1e15 },
    });
    const place = placeOf('w0', { gflops: 0.1, bandwidth: 8e6 });
    const parts = [0, 1].map((layer) => ({ layer, start: 0, end: 100, place: 'w0' }));
    const products = 2 * 20e6;
    const solve = (products / 2 + elementwise(100, 100, 1000, 1)) / 0.1e9;
    const [down, up] = [0.1, (4 * 101 * 100) / 8e6];
    // The second part arrives at 0.2, when the first is still being solved.
    const home = down + 2 * solve + up;
    expect(predictStep(work, [place], parts).seconds).toBeCloseTo(home + 2 * 0.02, 9);
  });

  it('shares what the coordinator can move', () => {
    const work = workloadOf([layerOf(100, 200, { iterations: 1 })], {
      batch: 1000,
      coordinator: { gflops: 1e15, bandwidth: 1e6 },
    });
    const parts = [0, 1].map((half) => ({
      layer: 0,
      start: 100 * half,
      end: 100 * half + 100,
      place: `w${half}`,
    }));
    const bytes = 2 * 4 * (1000 * (100 + 100) + 101 * 100);
    const { seconds } = predictStep(work, placesOf(2, { gflops: 1e15 }), parts);
    expect(seconds).toBeCloseTo(bytes / 1e6, 6);
  });

  it('has the own engine solve between the sweep and the forward pass, with A at hand', () => {
    const work = workloadOf([layerOf(100, 100)], { batch: 1000, coordinator: { gflops: 1, bandwidth: 1e9 } });
    const own = placeOf('own', { local: true, gflops: 1 });
    const seconds = planStep(work, [own]).predictedSeconds;
    const solve = (2 * K - 1) * 0.02 + elementwise(100, 100, 1000, K) / 1e9;
    expect(seconds).toBeCloseTo(solve + 0.02, 9);
  });

  it.each([
    { wireBytes: 4, steps: 2 },
    { wireBytes: 2, steps: 4 },
  ] as const)(
    'has slots come home every $steps steps, in float32, with $wireBytes bytes a number',
    (wire) => {
      const { wireBytes, steps } = wire;
      const [inputs, units] = [1000, 1000];
      const work = workloadOf([layerOf(inputs, units, { slots: 2 })], { wireBytes });
      const step = wireBytes * (BATCH * (inputs + units) + (inputs + 1) * units);
      const slots = 2 * 4 * (inputs + 1) * units;
      const part = { layer: 0, start: 0, end: units, place: 'w0' };
      expect(predictStep(work, placesOf(1), [part]).places[0]!.bytes).toBeCloseTo(step + slots / steps, 3);
      expect(stepsBetweenSlots(work)).toBe(steps);
    },
  );

  it('repeats what the Gram form computes once in every part', () => {
    const gram = layerOf(100, 200, { form: 'gram', objective: true });
    const work = workloadOf([gram], { batch: 1000 });
    const parts = [0, 1].map((half) => ({
      layer: 0,
      start: 100 * half,
      end: 100 * half + 100,
      place: `w${half}`,
    }));
    const { places } = predictStep(work, placesOf(2, { gflops: 1 }), parts);
    // ZᵀZ and ZᵀR⁰ of 2·1000·100·100 each, K products of 2·100·100·100, K updates.
    const update = (100 * 100 * 125) / 1e9;
    for (const { solve } of places) expect(solve).toBeCloseTo(2 * 0.02 + K * 0.002 + K * update, 9);
  });
});

describe('the memory of a part', () => {
  it('is what stands there during a solve', () => {
    // Weights and bias of 3 × 5 and 5, 20 numbers, with two slots each, twice; X of 7 × 3; R⁰, A and T of
    // 7 × 5; Xᵀ, two more of 7 × 5 and four of 20 to work with; and the answer, 20.
    const numbers = 2 * 3 * 20 + 21 + 3 * 35 + 21 + 2 * 35 + 4 * 20 + 20;
    expect(partBytes({ inputs: 3, slots: 2, solver: 'iterative' }, 5, 7)).toBe(4 * numbers);
  });
});

describe('the layout', () => {
  const layers = layersOf(autoencoder);
  const speedUp = ({ prediction }: Plan): number => {
    const solves = prediction.places.map(({ solve }) => solve);
    return solves.reduce((x, y) => x + y, 0) / Math.max(...solves);
  };

  it.each([1, 2, 4, 8])('of the paper’s autoencoder keeps %i equal machines busy', (count) => {
    expect(speedUp(planStep(workloadOf(layers), placesOf(count)))).toBeGreaterThan(0.85 * count);
  });

  it('of layers that cannot be split is bounded by the largest', () => {
    const whole = layers.map((layer) => ({ ...layer, separable: false }));
    const operations = whole.map(
      ({ inputs, units }) => 2 * K * 2 * BATCH * inputs * units + elementwise(inputs, units, BATCH, K),
    );
    const bound = operations.reduce((x, y) => x + y, 0) / Math.max(...operations);
    expect(bound).toBeCloseTo(3.7, 1);
    expect(speedUp(planStep(workloadOf(whole), placesOf(8)))).toBeLessThanOrEqual(bound + 1e-9);
  });

  it('leaves out a place that would slow the step down', () => {
    const plan = planStep(workloadOf(layers), [...placesOf(3), placeOf('slow', { gflops: 0.5 })]);
    expect(plan.leftOut).toEqual(['slow']);
  });

  it('gives places columns in proportion to their speed', () => {
    const places = [10, 20, 40].map((gflops) => placeOf(`w${gflops}`, { gflops }));
    const plan = planStep(workloadOf([layerOf(1000, 2800)]), places);
    for (const part of plan.parts) {
      const expected = 2800 * (places.find(({ id }) => id === part.place)!.gflops / 70);
      expect(Math.abs(widthOf(part) - expected)).toBeLessThanOrEqual(32);
    }
  });

  it('says which layer fits nowhere, what its smallest part needs and what there is', () => {
    const layer = layerOf(1000, 100, { separable: false });
    const needed = partBytes({ inputs: 1000, slots: 0, solver: 'iterative' }, 100, BATCH);
    const plan = (): Plan => planStep(workloadOf([layer]), placesOf(2, { memoryBytes: needed - 1 }));
    expect(plan).toThrow(
      expect.objectContaining({
        code: 'CLUSTER_PART_TOO_LARGE',
        details: { layer: 1, needed, offered: needed - 1 },
      }),
    );
  });

  it('cuts as small as parts may be where memory is scarce', () => {
    const memoryBytes = partBytes({ inputs: 1000, slots: 0, solver: 'iterative' }, 70, BATCH);
    const plan = planStep(workloadOf([layerOf(1000, 140)]), placesOf(2, { memoryBytes }));
    expect(plan.parts.map(widthOf)).toEqual([70, 70]);
  });
});

describe('a layout made anew', () => {
  const work = workloadOf(layersOf(autoencoder, { slots: 2, objective: true }), {
    coordinator: { gflops: 600, bandwidth: 4e9 },
  });
  const places = placesOf(4, { bandwidth: 1e9 });
  const before = planStep(work, places);

  it('leaves all parts of the others in place when a worker is lost', () => {
    const plan = replan(work, places.slice(1), before);
    const old = placeOfColumns(work, before).flat();
    const moved = placeOfColumns(work, plan)
      .flat()
      .filter((place, index) => old[index] !== 'w0' && place !== old[index]);
    expect(moved).toEqual([]);
  });

  it('moves to a worker that joins little more than its share, and nothing between the others', () => {
    const plan = replan(work, [...places, placeOf('w4', { bandwidth: 1e9 })], before);
    expect(plan.predictedSeconds).toBeLessThan(0.9 * before.predictedSeconds);
    const [old, now] = [placeOfColumns(work, before), placeOfColumns(work, plan)];
    const weights = (wanted: (from: string, to: string) => boolean): number =>
      work.layers
        .map(({ inputs, units }, layer) => {
          const columns = Array.from({ length: units }, (_, column) => column);
          return inputs * columns.filter((at) => wanted(old[layer]![at]!, now[layer]![at]!)).length;
        })
        .reduce((x, y) => x + y, 0);
    const all = weights(() => true);
    expect(weights((from, to) => from !== to)).toBeLessThan(0.25 * all);
  });
});
