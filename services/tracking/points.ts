import type { EpochMetrics, RunEvent } from '../../core/events.js';

export type RunStarted = Extract<RunEvent, { readonly type: 'run.started' }>;
export type RunEnded = Extract<RunEvent, { readonly type: 'run.ended' }>;

/** One value of one curve of a run. */
export interface Point {
  /** What other programs call the curve, `/` between groups: `loss/train`, `layers/1/objective_before`. */
  readonly name: string;
  /** Steps committed. */
  readonly step: number;
  readonly value: number;
  /** Since 1970. */
  readonly timeMs: number;
}

/** Of longer runs, steps and epochs are told at even distances, so that a curve has at most so many points. */
const MOST_STEPS = 16_384;
const MOST_EPOCHS = 4096;

/** JSON has null for a number that is not finite. */
const numberOf = (value: number | null): number => value ?? NaN;

/** The curves over epochs. */
const epochCurves: readonly (readonly [string, (metrics: EpochMetrics) => number | null])[] = [
  ['loss/train', ({ trainLoss }) => numberOf(trainLoss)],
  ['loss/test', ({ testLoss }) => testLoss],
  ['error/train', ({ trainError }) => numberOf(trainError)],
  ['error/test', ({ testError }) => testError],
  ['accuracy/train', ({ trainAccuracy }) => trainAccuracy],
  ['accuracy/test', ({ testAccuracy }) => testAccuracy],
  ['speed/examples_per_second', ({ examplesPerSecond }) => examplesPerSecond],
];

/** Turns the events of a run into points. */
export class Curves {
  readonly #everySteps: number;
  readonly #everyEpochs: number;
  readonly #epochs: number;

  constructor({ epochs, stepsPerEpoch }: Pick<RunStarted, 'epochs' | 'stepsPerEpoch'>) {
    this.#epochs = epochs;
    this.#everySteps = Math.ceil((epochs * stepsPerEpoch) / MOST_STEPS);
    this.#everyEpochs = Math.ceil(epochs / MOST_EPOCHS);
  }

  /** The points of an event; none for most kinds of events. */
  of(event: RunEvent): Point[] {
    if (event.type === 'step.done') {
      const { step, loss } = event;
      return step % this.#everySteps === 0 ? pointsAt(event, [['loss/step', numberOf(loss)]]) : [];
    }
    if (event.type !== 'epoch.done') return [];
    const { epoch } = event;
    if (epoch % this.#everyEpochs !== 0 && epoch !== this.#epochs) return [];
    const layers = event.layers.flatMap(({ objectiveBefore, objectiveAfter }, index) => [
      [`layers/${index + 1}/objective_before`, objectiveBefore] as const,
      [`layers/${index + 1}/objective_after`, objectiveAfter] as const,
    ]);
    return pointsAt(event, [...epochCurves.map(([name, of]) => [name, of(event)] as const), ...layers]);
  }
}

const pointsAt = (
  { step, time }: { readonly step: number; readonly time: string },
  values: readonly (readonly [string, number | null])[],
): Point[] =>
  values.flatMap(([name, value]) =>
    value === null ? [] : [{ name, step, value, timeMs: Date.parse(time) }],
  );
