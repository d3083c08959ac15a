import type { EpochMetrics } from '../events.js';
import type { Setting } from './grid.js';

/** How a run of a comparison ended. */
export type ComparedOutcome = 'completed' | 'diverged' | 'failed';

/** A run of a comparison, as its folder tells. */
export interface ComparedRun {
  readonly directory: string;
  readonly outcome: ComparedOutcome;
  /** Why it did not complete. */
  readonly reason: string | null;
  /** As far as it came. */
  readonly metrics: readonly EpochMetrics[];
  /** What computed it; null where it failed before it began. */
  readonly engine: { readonly name: string; readonly description: string; readonly threads: number } | null;
}

export interface SearchTrial extends ComparedRun {
  readonly setting: Setting;
}

/** What became of a contender. */
export interface ContenderResult {
  readonly name: string;
  readonly algorithm: string;
  readonly trials: readonly SearchTrial[];
  /** Of the best trial; empty without a search, null where every trial failed. */
  readonly setting: Setting | null;
  /** The full run; null where every trial failed. */
  readonly run: ComparedRun | null;
}

/** A comparison that has come to its end. */
export interface CompareResult {
  readonly name: string;
  readonly title: string;
  readonly seed: number;
  readonly losses: readonly number[];
  /** The contender whose seconds a step are the unit; null where there is none. */
  readonly relativeTo: string | null;
  readonly contenders: readonly ContenderResult[];
}

/** Training loss at the end of a run; infinite where it did not complete or has none that is finite. */
export function endLoss({ outcome, metrics }: ComparedRun): number {
  const loss = metrics.at(-1)?.trainLoss ?? NaN;
  return outcome === 'completed' && Number.isFinite(loss) ? loss : Infinity;
}

/** The trial with the lowest loss at its end, of equal ones the first; null where all failed. */
export function bestTrial<Run extends ComparedRun>(trials: readonly Run[]): Run | null {
  let best: Run | null = null;
  for (const trial of trials) {
    if (endLoss(trial) < (best === null ? Infinity : endLoss(best))) best = trial;
  }
  return best;
}

/** The first evaluated epoch whose training loss is no larger; null where there is none. */
export const firstAtMost = (metrics: readonly EpochMetrics[], loss: number): EpochMetrics | null =>
  metrics.find(({ trainLoss }) => trainLoss <= loss) ?? null;

/** Mean seconds of a training step, evaluation not counted; null before the first epoch's end. */
export function secondsPerStep({ metrics }: ComparedRun): number | null {
  const last = metrics.at(-1);
  return last && last.step > 0 ? last.trainSeconds / last.step : null;
}
