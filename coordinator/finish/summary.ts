import type { EpochMetrics, RunEvent, RunOutcome } from '../../core/events.js';
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
  /** Local problems that it gave up: their layers stayed as they were in that step. */
  readonly guardGaveUp: number;
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

/** What the whole log of a run adds up to. */
export type Tally = Pick<
  RunSummary,
  'steps' | 'epochs' | 'trainSeconds' | 'examplesPerSecond' | 'guardRedone' | 'guardGaveUp'
>;

export async function tallyOf(events: AsyncIterable<RunEvent>): Promise<Tally> {
  let trainSeconds = 0;
  let examples = 0;
  let guardRedone = 0;
  let guardGaveUp = 0;
  let position = { step: 0, epoch: 0 };
  for await (const event of events) {
    if (event.type === 'guard.redone') guardRedone += 1;
    if (event.type === 'guard.gave-up') guardGaveUp += 1;
    if (event.type === 'run.ended') position = event;
    if (event.type !== 'step.done') continue;
    trainSeconds += event.seconds;
    examples += event.examples;
  }
  const { step: steps, epoch: epochs } = position;
  const examplesPerSecond = trainSeconds > 0 ? examples / trainSeconds : 0;
  return { steps, epochs, trainSeconds, examplesPerSecond, guardRedone, guardGaveUp };
}

const lossOf = ({ testLoss, trainLoss }: EpochMetrics): number => testLoss ?? trainLoss;

export function bestEpoch(metrics: readonly EpochMetrics[]): number | null {
  const lowest = metrics.reduce((least, one) => Math.min(least, lossOf(one)), Infinity);
  return metrics.find((one) => lossOf(one) === lowest)?.epoch ?? null;
}
