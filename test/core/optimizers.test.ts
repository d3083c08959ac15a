import { input, scalar } from '#core/expression/expression.js';
import { Parts } from '#core/parts/registry.js';
import type { PartReference } from '#core/spec/job-spec.js';
import { describe, expect, it } from 'vitest';
import { matrix } from '../engine/support.js';
import { evaluate } from './support.js';

const parts = new Parts();

type Numbers = Readonly<Record<string, number>>;

interface Case {
  readonly choice: PartReference;
  readonly slots: Numbers;
  /** The update of one number p in the method's description: the new p and slots. */
  readonly update: (p: number, g: number, r: number, t: number, slots: Numbers) => [number, Numbers];
}

const cases: readonly Case[] = [
  { choice: { name: 'sgd' }, slots: {}, update: (p, g, r) => [p - r * g, {}] },
  {
    choice: { name: 'momentum', momentum: 0.7 },
    slots: { momentum: 0 },
    update: (p, g, r, _, slots) => {
      const m = 0.7 * slots['momentum']! + g;
      return [p - r * m, { momentum: m }];
    },
  },
  {
    choice: { name: 'nesterov', momentum: 0.7 },
    slots: { momentum: 0 },
    update: (p, g, r, _, slots) => {
      const m = 0.7 * slots['momentum']! + g;
      return [p - r * (g + 0.7 * m), { momentum: m }];
    },
  },
  {
    choice: { name: 'adam', beta1: 0.8, beta2: 0.95, epsilon: 1e-3 },
    slots: { m: 0, v: 0 },
    update: (p, g, r, t, slots) => {
      const m = 0.8 * slots['m']! + 0.2 * g;
      const v = 0.95 * slots['v']! + 0.05 * g * g;
      const rate = (r * Math.sqrt(1 - 0.95 ** t)) / (1 - 0.8 ** t);
      return [p - (rate * m) / (Math.sqrt(v) + 1e-3), { m, v }];
    },
  },
  {
    choice: { name: 'rmsprop', momentum: 0.6, decay: 0.9, epsilon: 1e-2 },
    slots: { rms: 1, momentum: 0 },
    update: (p, g, r, _, slots) => {
      const s = 0.9 * slots['rms']! + 0.1 * g * g;
      const m = 0.6 * slots['momentum']! + (r * g) / Math.sqrt(s + 1e-2);
      return [p - m, { rms: s, momentum: m }];
    },
  },
  {
    choice: { name: 'adagrad', initialAccumulator: 0.5 },
    slots: { accumulator: 0.5 },
    update: (p, g, r, _, slots) => {
      const a = slots['accumulator']! + g * g;
      return [p - (r * g) / Math.sqrt(a), { accumulator: a }];
    },
  },
];

describe('optimizers', () => {
  it('are those of the method', () => {
    expect(parts.names('optimizer')).toEqual(cases.map(({ choice }) => choice.name));
  });

  it.each(cases)('$choice.name updates as described, slots included', async ({ choice, slots, update }) => {
    const { part, h } = parts.choose('optimizer', { ...choice, learningRate: 0.1 });
    expect(part.slots(h)).toEqual(slots);
    const { parameter, slots: next } = part.update(
      {
        parameter: input('p'),
        gradient: input('g'),
        slots: Object.fromEntries(Object.keys(slots).map((slot) => [slot, input(slot)])),
        rate: scalar('rate'),
        count: scalar('count'),
      },
      h,
    );
    let [p, state]: [number, Numbers] = [0.3, slots];
    for (const [step, g] of [0.5, -1.5, 0.02, 4].entries()) {
      const rate = 0.1 / (step + 1);
      const numbers = Object.entries({ p, g, ...state }).map(
        ([name, value]) => [name, matrix([[value]])] as const,
      );
      const results = await evaluate({ parameter, ...next }, Object.fromEntries(numbers), {
        rate,
        count: step + 1,
      });
      [p, state] = update(p, g, rate, step + 1, state);
      for (const [name, value] of Object.entries({ parameter: p, ...state })) {
        expect(results[name]!.data[0]).toBeCloseTo(value, 14);
      }
    }
  });
});
