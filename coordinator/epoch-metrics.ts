import type { LayerMetrics } from '../core/events.js';
import { relativeRise, type GuardIncident } from './guard.js';
import type { LayerReport } from './pool/layer-pool.js';

/** The mean of the numbers that there are. */
class Mean {
  #total = 0;
  #count = 0;

  add(value: number | null): void {
    if (value === null) return;
    this.#total += value;
    this.#count += 1;
  }

  get value(): number | null {
    return this.#count === 0 ? null : this.#total / this.#count;
  }
}

/** One layer's solves in an epoch. */
class LayerStatistics {
  readonly #before = new Mean();
  readonly #after = new Mean();
  #largestRise: number | null = null;
  redone = 0;
  gaveUp = 0;

  add(report: LayerReport): void {
    this.#before.add(report.objectiveBefore);
    this.#after.add(report.objectiveAfter);
    const rise = relativeRise(report);
    if (rise !== null) this.#largestRise = Math.max(this.#largestRise ?? -Infinity, rise);
  }

  get metrics(): LayerMetrics {
    return {
      objectiveBefore: this.#before.value,
      objectiveAfter: this.#after.value,
      largestRise: this.#largestRise,
      guardRedone: this.redone,
      guardGaveUp: this.gaveUp,
    };
  }
}

/** Gathers an epoch's objectives of every layer, first layer first. */
export class EpochStatistics {
  readonly #layers: readonly LayerStatistics[];
  /** Of each step so far. */
  readonly stepSeconds: number[] = [];

  constructor(layers: number) {
    this.#layers = Array.from({ length: layers }, () => new LayerStatistics());
  }

  addStep(reports: readonly LayerReport[]): void {
    for (const [layer, report] of reports.entries()) this.#layers[layer]!.add(report);
  }

  /** Counts a solve that the guard did not accept. */
  addIncident({ layer, redone }: GuardIncident): void {
    this.#layers[layer]![redone ? 'redone' : 'gaveUp'] += 1;
  }

  /** Whether so many steps, and so the whole epoch, have left every layer as it was. */
  stoodStill(steps: number): boolean {
    return this.#layers.every(({ gaveUp }) => gaveUp === steps);
  }

  get metrics(): LayerMetrics[] {
    return this.#layers.map(({ metrics }) => metrics);
  }
}
