import { planStep } from '#coordinator/planner/plan-step.js';
import type { LayerLoad, PlaceOffer, Workload } from '#coordinator/planner/plan.js';
import { replan } from '#coordinator/planner/replan.js';
import { LocopropError } from '#core/errors/error.js';
import { MAX_SPEED, MIN_SPEED } from '#services/rpc/limits.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newSeed } from '../store/support.js';
import { bytesOf, expectWellFormed, layerOf, placeOf, placeOfColumns } from './support.js';

const units = fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 200, max: 2000 }));
const layer: fc.Arbitrary<LayerLoad> = fc
  .record({
    inputs: units,
    units,
    separable: fc.boolean(),
    iterations: fc.integer({ min: 1, max: 20 }),
    kind: fc.constantFrom<Pick<LayerLoad, 'form' | 'solver'>>(
      { form: 'direct', solver: 'iterative' },
      { form: 'gram', solver: 'iterative' },
      { form: 'direct', solver: 'exact' },
    ),
    slots: fc.integer({ min: 0, max: 2 }),
    objective: fc.boolean(),
  })
  .map(({ inputs, units: own, kind, ...rest }) => layerOf(inputs, own, { ...rest, ...kind }));

const workload: fc.Arbitrary<Workload> = fc.record({
  layers: fc.array(layer, { minLength: 1, maxLength: 6 }),
  batch: fc.integer({ min: 1, max: 4000 }),
  wireBytes: fc.constantFrom<4 | 2>(4, 2),
  coordinator: fc.record({
    gflops: fc.double({ min: 10, max: 1000, noNaN: true }),
    bandwidth: fc.double({ min: 1e8, max: 1e10, noNaN: true }),
  }),
});

const machine = fc.record({
  gflops: fc.double({ min: 1, max: 500, noNaN: true }),
  bandwidth: fc.double({ min: 1e6, max: 1e10, noNaN: true }),
});
const machines = (memoryBytes: number): fc.Arbitrary<PlaceOffer[]> =>
  fc
    .tuple(fc.array(machine, { minLength: 1, maxLength: 6 }), fc.boolean())
    .map(([given, local]) => [
      ...given.map((own, index) => placeOf(`w${index}`, { ...own, memoryBytes })),
      ...(local ? [placeOf('own', { local: true, memoryBytes })] : []),
    ]);

/** Checks a property, under a seed that it prints. */
const check = <Values extends [unknown, ...unknown[]]>(
  arbitraries: { [Index in keyof Values]: fc.Arbitrary<Values[Index]> },
  property: (...values: Values) => void,
): void => fc.assert(fc.property(...arbitraries, property), { seed: newSeed(), numRuns: 20 });

const ROOMY = 1e12;
/** Of bytes, as a share of all parts together. */
const share = fc.double({ min: 0.05, max: 1.5, noNaN: true });

describe('a plan', () => {
  it('has every column once, in parts of allowed widths on different places', () => {
    check([workload, machines(ROOMY)], (work, places) => {
      const plan = planStep(work, places);
      expectWellFormed(work, places, plan);
      expect(plan.predictedSeconds).toBeGreaterThan(0);
    });
  });

  it('keeps to the memory of the places, or says that it does not do', () => {
    check([workload, machines(ROOMY), share], (work, given, part) => {
      const whole = work.layers.map(({ units: end }, at) =>
        bytesOf(work, { layer: at, start: 0, end, place: '' }),
      );
      const memoryBytes = part * whole.reduce((x, y) => x + y, 0);
      const places = given.map((place) => ({ ...place, memoryBytes }));
      try {
        expectWellFormed(work, places, planStep(work, places));
      } catch (error) {
        if (!(error instanceof LocopropError)) throw error;
        expect(error.code).toBe('CLUSTER_PART_TOO_LARGE');
      }
    });
  });

  it('is never slower for a place that is no faster than the others', () => {
    check([workload, machines(ROOMY), share], (work, places, part) => {
      const slowest = (of: 'gflops' | 'bandwidth'): number =>
        Math.min(...places.filter(({ local }) => !local).map((place) => place[of])) * Math.min(1, part);
      const more = placeOf('more', { gflops: slowest('gflops'), bandwidth: slowest('bandwidth') });
      const without = planStep(work, places).predictedSeconds;
      expect(planStep(work, [...places, more]).predictedSeconds).toBeLessThanOrEqual(without);
    });
  });
});

it('a plan is made at the limits of what workers may announce', () => {
  const limits = [MIN_SPEED, 1, MAX_SPEED];
  const places = limits.flatMap((gflops) =>
    limits.map((bandwidth) => placeOf(`${gflops} ${bandwidth}`, { gflops, bandwidth })),
  );
  check([workload], (work) => {
    expectWellFormed(work, places, planStep(work, places));
    for (const place of places) {
      const plan = planStep(work, [place]);
      expect(plan.predictedSeconds).toBeLessThan(Infinity);
      expectWellFormed(work, places, replan(work, places, plan));
    }
  });
});

describe('a plan made anew', () => {
  it('is as well formed, whoever left and joined', () => {
    check([workload, machines(ROOMY), machine, fc.nat()], (work, places, joining, at) => {
      const before = planStep(work, places);
      const staying = places.filter((_, index) => index !== at % places.length);
      const members = [...staying, placeOf('joined', joining)];
      const plan = replan(work, members, before);
      expectWellFormed(work, members, plan);
    });
  });

  it('is never slower for a place that joins', () => {
    check([workload, machines(ROOMY), machine], (work, places, joining) => {
      const before = planStep(work, places);
      const plan = replan(work, [...places, placeOf('joined', joining)], before);
      expect(plan.predictedSeconds).toBeLessThanOrEqual(before.predictedSeconds);
    });
  });

  it('leaves the columns of the others where they are when a place is lost, unless it gains much', () => {
    check([workload, machines(ROOMY), fc.nat()], (work, places, at) => {
      fc.pre(places.length > 1);
      const lost = places[at % places.length]!.id;
      const members = places.filter(({ id }) => id !== lost);
      const before = planStep(work, places);
      const never = { improvement: 1 };
      const plan = replan(work, members, before, never);
      const [old, now]: [ReturnType<typeof placeOfColumns>, ReturnType<typeof placeOfColumns>] = [
        placeOfColumns(work, before),
        placeOfColumns(work, plan),
      ];
      for (const [index, columns] of old.entries()) {
        for (const [column, place] of columns.entries()) {
          if (place !== lost && now[index]![column] !== place) {
            throw new Error(
              `column ${column} of layer ${index} went from ${place} to ${now[index]![column]}`,
            );
          }
        }
      }
    });
  });

  it('is the same while the members are, unless it gains much', () => {
    check([workload, machines(ROOMY)], (work, places) => {
      const before = planStep(work, places);
      const plan = replan(work, places, before);
      if (plan.predictedSeconds >= 0.9 * before.predictedSeconds) expect(plan).toEqual(before);
    });
  });
});
