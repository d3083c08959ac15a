import type { EpochMetrics, RunOutcome } from '../../core/events.js';
import type { EngineInfo } from '../../engine/engine.js';
import type { PcaBaseline } from './baseline.js';

export const SUMMARY_FILE = 'summary.json';

/** How good a network is; null where there are no such data. */
export type Scores = Pick<
  EpochMetrics,
  'trainLoss' | 'testLoss' | 'trainError' | 'testError' | 'trainAccuracy' | 'testAccuracy'
>;

/** What a run came to: summary.json, and what a command prints at its end. */
export interface RunSummary {
  readonly job: string;
  readonly directory: string;
  readonly outcome: RunOutcome;
  readonly engine: EngineInfo;
  readonly parameters: number;
  /** Epochs completed. */
  readonly epochs: number;
  /** Steps committed. */
  readonly steps: number;
  /** Seconds in training steps, over all times that the run was continued. */
  readonly trainSeconds: number;
  readonly examplesPerSecond: number;
  /** Seconds from loading the data to this summary, since the run was last started or continued. */
  readonly wallSeconds: number;
  /** Before the first step; null where the run started from given weights, or was stopped. */
  readonly initial: Scores | null;
  /** After the last epoch that was evaluated; null before the first. */
  readonly final: Scores | null;
  /** The epoch with the lowest test loss (train loss without test data), which `checkpoints/best` holds. */
  readonly bestEpoch: number | null;
  /** Null unless the network is an autoencoder whose run was completed. */
  readonly pca: PcaBaseline | null;
  /** Local solves that the guard had redone. */
  readonly guardRedone: number;
  /** Names within the directory. */
  readonly files: readonly string[];
}

export const scoresOf = (metrics: EpochMetrics): Scores => ({
  trainLoss: metrics.trainLoss,
  testLoss: metrics.testLoss,
  trainError: metrics.trainError,
  testError: metrics.testError,
  trainAccuracy: metrics.trainAccuracy,
  testAccuracy: metrics.testAccuracy,
});

const lossOf = ({ testLoss, trainLoss }: EpochMetrics): number => testLoss ?? trainLoss;

export function bestEpoch(metrics: readonly EpochMetrics[]): number | null {
  const lowest = Math.min(...metrics.map(lossOf));
  return metrics.find((one) => lossOf(one) === lowest)?.epoch ?? null;
}

export const guardRedone = (metrics: readonly EpochMetrics[]): number =>
  metrics.flatMap(({ layers }) => layers).reduce((total, layer) => total + layer.guardRedone, 0);
