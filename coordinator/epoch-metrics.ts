import type { LayerMetrics } from '../core/events.js';
import type { LayerReport } from './pool/layer-pool.js';

interface Sum {
  total: number;
  count: number;
}

const add = (sum: Sum, value: number | null): void => {
  if (value === null) return;
  sum.total += value;
  sum.count += 1;
};

const mean = ({ total, count }: Sum): number | null => (count === 0 ? null : total / count);

/** Gathers an epoch's objectives of every layer. */
export class LayerStatistics {
  readonly #layers: readonly { readonly before: Sum; readonly after: Sum; redone: number }[];

  constructor(layers: number) {
    this.#layers = Array.from({ length: layers }, () => ({
      before: { total: 0, count: 0 },
      after: { total: 0, count: 0 },
      redone: 0,
    }));
  }

  /** Adds a step's reports, first layer first. */
  addStep(reports: readonly LayerReport[]): void {
    for (const [layer, { objectiveBefore, objectiveAfter }] of reports.entries()) {
      const { before, after } = this.#layers[layer]!;
      add(before, objectiveBefore);
      add(after, objectiveAfter);
    }
  }

  addRedone(layer: number): void {
    this.#layers[layer]!.redone += 1;
  }

  metrics(): LayerMetrics[] {
    return this.#layers.map(({ before, after, redone }) => ({
      objectiveBefore: mean(before),
      objectiveAfter: mean(after),
      guardRedone: redone,
    }));
  }
}
