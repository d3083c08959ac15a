import { expect } from 'vitest';
import { LocopropError } from '#core/errors/error.js';
import type { JobSpec } from '#core/spec/job-spec.js';
import { parseSpec } from '#core/spec/parse.js';
import { Parts } from '#core/parts/registry.js';

export const parts = new Parts();

/** A valid spec as somebody may write it, anew each time. */
export const minimalSpec = () => ({
  data: { train: { dataset: 'curves', examples: 100 } },
  network: {
    layers: [
      { units: 6, transfer: 'tanh' },
      { units: 784, transfer: 'sigmoid' },
    ],
    loss: 'sigmoid_cross_entropy',
  },
  training: { epochs: 3 },
});

export type Written = Record<string, unknown>;

/** The minimal spec with some of its top-level fields replaced. */
export const specWith = (fields: Written): Written => ({ ...minimalSpec(), ...fields });

/** The minimal spec with other layers. */
export const specWithLayers = (layers: unknown, others: Written = {}): Written =>
  specWith({ ...others, network: { loss: 'squared_error', layers } });

export const parse = (data: unknown): JobSpec => parseSpec(data, parts);

/** The error that something ends with, which must be one of the catalogue. */
export function refusal(run: () => unknown): LocopropError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(LocopropError);
    return error as LocopropError;
  }
  throw new Error('nothing was refused');
}

/** What is wrong with a spec, a line each. */
export function problems(data: unknown): string[] {
  const { code, message } = refusal(() => parse(data));
  expect(code).toBe('SPEC_INVALID');
  return message
    .split('\n')
    .slice(1)
    .map((line) => line.trim());
}
