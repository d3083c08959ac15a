import type { RunEvent } from '../../core/events.js';
import type { JobProgress } from '../../core/job/record.js';

/** Of the steps' times, what the newest one counts. */
const SMOOTHING = 0.1;

/** After which a run that waited for workers goes on, or has ended. */
const GOES_ON: ReadonlySet<RunEvent['type']> = new Set([
  'plan.made',
  'part.recovered',
  'step.done',
  'run.ended',
]);

/** How far a run has come, from its events. */
export class ProgressTracker {
  #epochs = 0;
  #steps = 0;
  #step = 0;
  #epoch = 0;
  #loss: number | null = null;
  #trainLoss: number | null = null;
  #testLoss: number | null = null;
  #stepSeconds: number | null = null;
  #stepExamples = 0;
  #waiting: string | null = null;

  /** @param before what is known of the run so far */
  constructor(before: JobProgress | null) {
    this.#loss = before?.loss ?? null;
    this.#trainLoss = before?.trainLoss ?? null;
    this.#testLoss = before?.testLoss ?? null;
    this.#epoch = before?.epoch ?? 0;
  }

  readonly record = (event: RunEvent): void => {
    if (event.type === 'run.waiting') this.#waiting = event.reason;
    if (GOES_ON.has(event.type)) this.#waiting = null;
    if (event.type === 'run.started') {
      this.#epochs = event.epochs;
      this.#steps = event.epochs * event.stepsPerEpoch;
      this.#step = event.step;
      this.#epoch = Math.floor(event.step / event.stepsPerEpoch);
    }
    if (event.type === 'step.done') {
      this.#step = event.step;
      this.#loss = event.loss;
      this.#stepExamples = event.examples;
      const before = this.#stepSeconds ?? event.seconds;
      this.#stepSeconds = before + SMOOTHING * (event.seconds - before);
    }
    if (event.type === 'epoch.done') {
      this.#epoch = event.epoch;
      this.#trainLoss = event.trainLoss;
      this.#testLoss = event.testLoss;
    }
  };

  /** Null before the run has begun. */
  get progress(): JobProgress | null {
    if (this.#steps === 0) return null;
    const seconds = this.#stepSeconds;
    return {
      step: this.#step,
      steps: this.#steps,
      epoch: this.#epoch,
      epochs: this.#epochs,
      loss: this.#loss,
      trainLoss: this.#trainLoss,
      testLoss: this.#testLoss,
      examplesPerSecond: seconds === null ? null : this.#stepExamples / seconds,
      secondsLeft: seconds === null ? null : Math.max(0, this.#steps - this.#step) * seconds,
      ...(this.#waiting !== null && { waiting: this.#waiting }),
    };
  }
}
