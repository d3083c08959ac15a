import {
  batchesInOrder,
  batchesPerEpoch,
  batchIndices,
  epochOrder,
  inputBatch,
  labelBatch,
  requireWidths,
} from '#core/batches.js';
import type { Dataset } from '#core/dataset.js';
import { LocopropError } from '#core/errors/error.js';
import { rangeIndices, splitIndices, subset } from '#core/subset.js';
import { describe, expect, it } from 'vitest';

const dataset: Dataset = {
  name: 'five',
  examples: 5,
  features: 2,
  inputs: Uint8Array.of(0, 51, 102, 153, 204, 255, 1, 2, 3, 4),
  scale: 1 / 255,
  labels: Int32Array.of(0, 2, 1, 0, 2),
  classes: 3,
  targets: { width: 2, data: Float32Array.of(0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5) },
  image: null,
};

const codeOf = (action: () => unknown): string | undefined => {
  try {
    action();
  } catch (error) {
    if (error instanceof LocopropError) return error.code;
    throw error;
  }
  return undefined;
};

describe('a batch', () => {
  const indices = Uint32Array.of(2, 0);

  it('has scaled inputs', () => {
    const { rows, columns, data } = inputBatch(dataset, indices);
    expect([rows, columns]).toEqual([2, 2]);
    expect(data).toEqual(Float32Array.of(204 / 255, 1, 0, 51 / 255));
  });

  it('has inputs, one-hot labels or targets to compare with', () => {
    expect(labelBatch(dataset, indices, 'inputs')).toEqual(inputBatch(dataset, indices));
    expect(labelBatch(dataset, indices, 'labels')).toEqual({
      rows: 2,
      columns: 3,
      data: Float32Array.of(0, 1, 0, 1, 0, 0),
    });
    expect(labelBatch(dataset, indices, 'targets')).toEqual({
      rows: 2,
      columns: 2,
      data: Float32Array.of(2, 2.5, 0, 0.5),
    });
  });

  it('cannot have labels or targets that the data lack', () => {
    const bare = { ...dataset, labels: null, classes: null, targets: null };
    for (const kind of ['labels', 'targets'] as const) {
      expect(codeOf(() => labelBatch(bare, indices, kind))).toBe('DATA_TARGETS_MISSING');
      expect(codeOf(() => requireWidths(bare, kind, { inputs: 2, outputs: 2 }))).toBe('DATA_TARGETS_MISSING');
    }
  });

  it('must fit the network', () => {
    const check = (kind: 'inputs' | 'labels' | 'targets', inputs: number, outputs: number) =>
      codeOf(() => requireWidths(dataset, kind, { inputs, outputs }));
    expect([check('inputs', 2, 2), check('labels', 2, 3), check('targets', 2, 2)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect([check('inputs', 3, 2), check('labels', 2, 2), check('targets', 2, 1)]).toEqual(
      Array.from({ length: 3 }, () => 'DATA_WIDTH_MISMATCH'),
    );
    expect(() => requireWidths(dataset, 'inputs', { inputs: 3, outputs: 2 })).toThrow('the network takes 3.');
    expect(() => requireWidths(dataset, 'inputs', { inputs: 2, outputs: 7 })).toThrow('the network gives 7.');
  });
});

describe('an epoch', () => {
  it('has every example once, in an order of seed and epoch', () => {
    const order = epochOrder(1, 0, 1000);
    expect([...order].sort((a, b) => a - b)).toEqual([...rangeIndices(0, 1000)]);
    expect(epochOrder(1, 0, 1000)).toEqual(order);
    expect(epochOrder(1, 1, 1000)).not.toEqual(order);
    expect(epochOrder(2, 0, 1000)).not.toEqual(order);
  });

  it('has full batches only, but at least one', () => {
    expect([batchesPerEpoch(100, 10), batchesPerEpoch(109, 10), batchesPerEpoch(9, 10)]).toEqual([10, 10, 1]);
    const order = epochOrder(1, 0, 25);
    expect(batchIndices(order, 10, 1)).toEqual(order.slice(10, 20));
    expect(batchIndices(epochOrder(1, 0, 4), 10, 0)).toHaveLength(4);
  });

  it('has all examples in order for evaluation', () => {
    expect([...batchesInOrder(5, 2)].map((batch) => [...batch])).toEqual([[0, 1], [2, 3], [4]]);
    expect([...batchesInOrder(0, 2)]).toEqual([]);
  });
});

describe('a part of a data set', () => {
  const run = (indices: Uint32Array, from = dataset): { part: Dataset; yields: number } => {
    const steps = subset(from, indices);
    for (let yields = 0; ; yields += 1) {
      const step = steps.next();
      if (step.done === true) return { part: step.value, yields };
    }
  };

  it('has the rows of inputs, labels and targets that are named', () => {
    const { part } = run(Uint32Array.of(4, 1));
    expect(part).toEqual({
      ...dataset,
      examples: 2,
      inputs: Uint8Array.of(3, 4, 102, 153),
      labels: Int32Array.of(2, 2),
      targets: { width: 2, data: Float32Array.of(4, 4.5, 1, 1.5) },
    });
  });

  it('is copied in steps', () => {
    const large = {
      ...dataset,
      examples: 3_000_000,
      features: 1,
      inputs: new Uint8Array(3_000_000),
      labels: null,
      targets: null,
    };
    large.inputs[2_999_999] = 7;
    const { part, yields } = run(rangeIndices(1_000_000, 2_000_000), large);
    expect(part.inputs).toHaveLength(2_000_000);
    expect(part.inputs[1_999_999]).toBe(7);
    expect(yields).toBe(1);
  });

  it('splits by seed into two that have every example once, in order', () => {
    const { train, test } = splitIndices(1001, 0.25, 3);
    expect(test).toHaveLength(250);
    expect([...train, ...test].sort((a, b) => a - b)).toEqual([...rangeIndices(0, 1001)]);
    for (const part of [train, test]) expect(part).toEqual(part.slice().sort());
    expect(splitIndices(1001, 0.25, 3).test).toEqual(test);
    expect(splitIndices(1001, 0.25, 4).test).not.toEqual(test);
    // The held-out examples are spread: their mean index is the middle, to five standard errors.
    const mean = test.reduce((sum, index) => sum + index, 0) / 250;
    expect(Math.abs(mean - 500)).toBeLessThan((5 * 1001) / Math.sqrt(12 * 250));
  });
});
