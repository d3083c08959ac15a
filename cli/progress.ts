import { styleText } from 'node:util';
import type { WriteStream } from 'node:tty';
import type { RunEvent } from '../core/events.js';
import { counted, duration, grouped, significant } from './format.js';
import { Remarks } from './remarks.js';

/** Between two drawings of the line. */
const REDRAW_MS = 100;
/** Between two lines within an epoch where the output is no terminal. */
const LINE_MS = 10_000;
const CLEAR_TO_END = '\u001b[K';

type Started = Extract<RunEvent, { type: 'run.started' }>;
type StepDone = Extract<RunEvent, { type: 'step.done' }>;
type EpochDone = Extract<RunEvent, { type: 'epoch.done' }>;

/** How far a run has come, as its events tell. */
class Progress {
  readonly #started: Started;
  readonly #startMs: number;
  #last: StepDone | null = null;
  #lastMs: number;
  #seconds = 0;
  #examples = 0;
  testLoss: number | null = null;

  constructor(started: Started, startMs: number) {
    this.#started = started;
    this.#startMs = startMs;
    this.#lastMs = startMs;
  }

  add(step: StepDone, timeMs: number): void {
    this.#last = step;
    this.#lastMs = timeMs;
    // The mean over about the last twenty steps.
    this.#seconds = 0.95 * this.#seconds + step.seconds;
    this.#examples = 0.95 * this.#examples + step.examples;
  }

  /** What to show, most important first. */
  fields(): string[] {
    const { epochs, stepsPerEpoch, step: first } = this.#started;
    const step = this.#last?.step ?? first;
    const total = epochs * stepsPerEpoch;
    const epoch = this.#last?.epoch ?? Math.floor(first / stepsPerEpoch) + 1;
    const fields = [`epoch ${Math.min(epoch, epochs)}/${epochs}`, `step ${step}/${total}`];
    if (!this.#last) return fields;
    const left = ((this.#lastMs - this.#startMs) / 1000 / (step - first)) * (total - step);
    fields.push(`batch loss ${significant(this.#last.loss)}`, `${duration(left)} left`);
    fields.push(`${grouped(this.#examples / this.#seconds)} examples/s`);
    if (this.testLoss !== null) fields.push(`test loss ${significant(this.testLoss)}`);
    return fields;
  }
}

/** Shows a run while it goes on. */
export interface ProgressView {
  readonly record: (event: RunEvent) => void;
  /** Shows a line besides, which stays. */
  readonly remark: (text: string) => void;
  /** Ends the line that is being rewritten. */
  close(): void;
}

/** When an event happened, in milliseconds of any clock. */
type TimeOf = (event: RunEvent) => number;

/** As it is told. */
const now: TimeOf = () => performance.now();

/** As it says itself: where events come later than they happened, and many at once. */
export const ownTime: TimeOf = ({ time }) => Date.parse(time);

export interface ProgressOptions {
  /** @default as events are told */
  readonly timeOf?: TimeOf;
  /** What stands before the rest, where the run is one of several. */
  readonly label?: string;
}

/** A line that is rewritten in place on a terminal; else plain lines, at each epoch and now and then. */
export function openProgress(
  stream: WriteStream & { readonly fd: number },
  { timeOf = now, label }: ProgressOptions = {},
): ProgressView {
  const inPlace = stream.isTTY && process.env['TERM'] !== 'dumb';
  const first = label === undefined ? [] : [label];
  return inPlace ? new ProgressLine(stream, timeOf, first) : new ProgressLines(stream, timeOf, first);
}

class ProgressLine implements ProgressView {
  readonly #stream: WriteStream;
  readonly #timeOf: TimeOf;
  readonly #first: readonly string[];
  readonly #remarks = new Remarks();
  #progress: Progress | null = null;
  #drawnMs = -Infinity;

  constructor(stream: WriteStream, timeOf: TimeOf, first: readonly string[]) {
    this.#stream = stream;
    this.#timeOf = timeOf;
    this.#first = first;
  }

  readonly record = (event: RunEvent): void => {
    const nowMs = performance.now();
    if (event.type === 'run.started') this.#progress = new Progress(event, this.#timeOf(event));
    if (event.type === 'step.done') this.#progress?.add(event, this.#timeOf(event));
    if (event.type === 'epoch.done' && this.#progress) this.#progress.testLoss = event.testLoss;
    const remark = this.#remarks.on(event);
    if (remark !== null) this.remark(remark);
    if (nowMs - this.#drawnMs >= REDRAW_MS || event.type === 'run.ended') this.#draw(nowMs);
  };

  readonly remark = (text: string): void => {
    this.#stream.write(`${this.#progress ? `\r${CLEAR_TO_END}` : ''}${text}\n`);
  };

  close(): void {
    if (this.#progress) this.#stream.write('\n');
    this.#progress = null;
  }

  #draw(nowMs: number): void {
    if (!this.#progress) return;
    this.#drawnMs = nowMs;
    const line = fitted([...this.#first, ...this.#progress.fields()], this.#stream.columns - 1);
    // Colours follow NO_COLOR and its kin.
    const [epoch = '', ...rest] = line.split(SEPARATOR);
    const shown = [styleText('bold', epoch, { stream: this.#stream }), ...rest].join(SEPARATOR);
    this.#stream.write(`\r${shown}${CLEAR_TO_END}`);
  }
}

const SEPARATOR = '  ';

/** As many of the fields as fit; the first one is cut where even it does not. */
function fitted(fields: readonly string[], width: number): string {
  let count = fields.length;
  while (count > 1 && fields.slice(0, count).join(SEPARATOR).length > width) count -= 1;
  return fields.slice(0, count).join(SEPARATOR).slice(0, Math.max(width, 0));
}

class ProgressLines implements ProgressView {
  readonly #stream: NodeJS.WritableStream;
  readonly #timeOf: TimeOf;
  readonly #first: readonly string[];
  readonly #remarks = new Remarks();
  #progress: Progress | null = null;
  #writtenMs = -Infinity;

  constructor(stream: NodeJS.WritableStream, timeOf: TimeOf, first: readonly string[]) {
    this.#stream = stream;
    this.#timeOf = timeOf;
    this.#first = first;
  }

  readonly record = (event: RunEvent): void => {
    const nowMs = performance.now();
    if (event.type === 'run.started') this.#start(event, nowMs);
    if (event.type === 'step.done') {
      this.#progress?.add(event, this.#timeOf(event));
      if (nowMs - this.#writtenMs >= LINE_MS) this.#write(this.#progress?.fields() ?? [], nowMs);
    }
    if (event.type === 'epoch.done') this.#write(epochFields(event), nowMs);
    const remark = this.#remarks.on(event);
    if (remark !== null) this.remark(remark);
  };

  readonly remark = (text: string): void => {
    this.#stream.write(`${text}\n`);
  };

  close(): void {
    this.#progress = null;
  }

  #start(event: Started, nowMs: number): void {
    this.#progress = new Progress(event, this.#timeOf(event));
    const { job, engine, threads, parameters, trainExamples, epochs, step } = event;
    const from = step === 0 ? '' : ` from step ${step}`;
    const what = `${grouped(parameters)} parameters, ${grouped(trainExamples)} examples, ${counted(epochs, 'epoch')}`;
    this.#write([`${job}${from}: ${what}; ${engine}, ${counted(threads, 'thread')}`], nowMs);
  }

  #write(fields: readonly string[], nowMs: number): void {
    this.#writtenMs = nowMs;
    this.#stream.write(`${[...this.#first, ...fields].join(SEPARATOR)}\n`);
  }
}

function epochFields({
  epoch,
  step,
  trainLoss,
  testLoss,
  testAccuracy,
  examplesPerSecond,
  layers,
}: EpochDone): string[] {
  const fields = [`epoch ${epoch} done`, `step ${step}`, `train loss ${significant(trainLoss)}`];
  if (testLoss !== null) fields.push(`test loss ${significant(testLoss)}`);
  if (testAccuracy !== null) fields.push(`test accuracy ${significant(testAccuracy)}`);
  fields.push(`${grouped(examplesPerSecond)} examples/s`);
  const gaveUp = layers.reduce((total, { guardGaveUp }) => total + guardGaveUp, 0);
  if (gaveUp > 0) fields.push(`${counted(gaveUp, 'local problem')} given up`);
  return fields;
}
